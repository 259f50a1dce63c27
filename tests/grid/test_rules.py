"""Grid's other pure rules: codes, addresses, the force and who of it is asked, and the states of a visit."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from services.grid.areas.addresses import Compound, Gazetteer, normalise
from services.grid.areas.codes import chain_of, grid_of, level_of, parent_of
from services.grid.force.rules import ForceRules, Roster, Vacancy, choose_handler, vacancies
from services.grid.settings import RULES
from services.grid.visits.rules import (
    BY_THE_CLOCK,
    TRANSITIONS,
    VisitRules,
    VisitState,
    next_state,
    phone_counts,
)
from shared.errors import IllegalTransition
from shared.events.grid import Colour
from shared.settings import load_yaml

FORCE = load_yaml(RULES / "force.yaml", ForceRules)
VISITS = load_yaml(RULES / "visits.yaml", VisitRules)
GRID, MICRO = "620102014006001", "620102014006001002"
LEADER, WORKER, HEAD = "the-leader", "the-worker", "the-head"
FULL = [(GRID, "grid_leader", LEADER), (GRID, "full_time_worker", WORKER), (MICRO, "micro_grid_head", HEAD)]


def test_a_code_says_its_level_and_what_lies_around_it() -> None:
    assert chain_of(MICRO) == [MICRO, GRID, "620102014006", "620102014", "620102", "6201", "62"]
    assert [level_of(code) for code in chain_of(MICRO)] == [0, 1, 2, 3, 4, 5, 6]
    assert (parent_of("62"), grid_of(MICRO), grid_of("620102014006")) == (None, GRID, None)
    with pytest.raises(ValueError, match="is not an area code"):
        level_of("6201020140061")


GAZETTEER = Gazetteer([
    Compound("B", GRID, ("北方苑小区", "北方苑"), 0, 0),
    Compound("A", "620102014006002", ("方苑小区二期",), 0, 0),
    Compound("C", "620102014007001", ("北方苑",), 0, 0),
    Compound("D", GRID, ("家", "ABC Court"), 0, 0),
])


@pytest.mark.parametrize(
    ("address", "within", "code"),
    [
        ("城关区北方苑小区2单元", "", "B"),
        ("城关区 北 方 苑 小区", "", "B"),
        ("北方苑小区二期", "", "A"),
        ("北方苑3号楼", "620102014006", "B"),
        ("北方苑3号楼", "620102014007", "C"),
        ("北方苑3号楼", "", "B"),
        ("abc court 5", "", "D"),
        ("家属院", "", None),
        ("城关区", "", None),
        ("", "", None),
    ],
)
def test_an_address_means_the_compound_with_the_longest_name_in_it(
    address: str, within: str, code: str | None
) -> None:
    found = GAZETTEER.find(address, within=within)
    assert (found.code if found else None) == code


def test_spellings_that_read_alike_are_one() -> None:
    assert normalise("ABC 小区 12") == normalise("abc小区12")


@pytest.mark.parametrize(
    ("members", "area", "level", "round", "declined", "person"),
    [
        (FULL, MICRO, 0, 0, set(), HEAD),
        (FULL, MICRO, 1, 0, {HEAD}, WORKER),
        (FULL, GRID, 1, 0, set(), WORKER),
        (FULL, GRID, 1, 0, {WORKER}, LEADER),
        (FULL[:1], MICRO, 1, 0, set(), LEADER),
        (FULL, MICRO, 1, 1, {HEAD}, LEADER),
        (FULL, MICRO, 1, 1, {LEADER}, None),
        (FULL, MICRO, 1, 2, set(), None),
        (FULL, MICRO, 2, 0, set(), None),
        (FULL, "620102014006", 1, 0, set(), None),
        ([], MICRO, 1, 0, set(), None),
        ([*FULL, (GRID, "full_time_worker", "another")], GRID, 1, 0, set(), "another"),
    ],
)
def test_who_is_asked_follows_place_level_round_and_declines(
    members: list[tuple[str, str, str]],
    area: str,
    level: int,
    round: int,
    declined: set[str],
    person: str | None,
) -> None:
    choice = choose_handler(FORCE, Roster(members), area, level=level, round=round, declined=declined)
    assert choice.person == person
    assert choice.reasons
    assert (choice.unit is None) == (choice.role is None) == (person is None)


def test_the_coverage_check_names_every_role_that_is_short() -> None:
    present = {(GRID, role.role): 1 for role in FORCE.template if role.part in {"1", "4"}}
    assert vacancies(FORCE, [GRID], present) == []
    present[GRID, "community_police"] = 0
    found = vacancies(FORCE, ["620102014006", GRID, MICRO], present)
    assert found == [Vacancy(GRID, "community_police", 1, 0), Vacancy(MICRO, "micro_grid_head", 1, 0)]


def test_the_template_is_one_and_four_and_any_number_of_others() -> None:
    parts = [role.part for role in FORCE.template]
    assert (parts.count("1"), parts.count("4")) == (1, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seek": [["a_stranger"]]}, "seek names roles that the template does not have"),
        ({"template": [FORCE.template[0], FORCE.template[0]]}, "stands in the template twice"),
    ],
)
def test_a_template_that_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ForceRules.model_validate({**dict(FORCE), **change})


@pytest.mark.parametrize("state", VisitState)
@pytest.mark.parametrize("command", TRANSITIONS)
def test_a_visit_takes_a_command_or_names_those_that_it_would(state: VisitState, command: str) -> None:
    possible, after = TRANSITIONS[command]
    if state in possible:
        assert next_state(state, command) is after
        return
    with pytest.raises(IllegalTransition) as refused:
        next_state(state, command)
    others = [name for name, (states, _) in TRANSITIONS.items() if state in states]
    assert set(refused.value.allowed or ()) == set(others) - BY_THE_CLOCK


@pytest.mark.parametrize(
    ("colour", "score", "days"),
    [("red", 80, 7), ("yellow", 30, 30), ("blue", 20, 90), ("blue", 0, 180)],
)
def test_each_colour_is_seen_at_its_own_interval(colour: str, score: int, days: int) -> None:
    assert VISITS.interval_days.span(Colour(colour), score) == timedelta(days=days)


def test_a_visit_is_missed_when_its_grace_is_over() -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    grace = {colour: (now - moment).days for colour, moment in VISITS.missed_before(now).items()}
    assert grace == {Colour.red: 1, Colour.yellow: 3, Colour.blue: 14}
    assert VISITS.event_due(now) - now == timedelta(hours=24)


def test_a_call_stands_for_a_visit_every_second_time_and_never_for_red() -> None:
    assert not phone_counts(Colour.red, None)
    assert phone_counts(Colour.yellow, "in_person")
    assert phone_counts(Colour.blue, None)
    assert not phone_counts(Colour.blue, "phone")
