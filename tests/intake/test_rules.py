"""The pure rules: colours, clocks, words, codes, and the files they are read from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.intake.app import PLAN
from services.intake.catalogue import load_catalogue
from services.intake.clocks.rules import load_clock_rules
from services.intake.issues.clocks import Clocks, due_accept, due_after_acceptance, is_small
from services.intake.issues.colours import Facts, colour_of
from services.intake.issues.numbers import number
from services.intake.issues.tracking import code_hash, matches, new_code
from services.intake.limits import load_limits
from services.intake.words import holds_personal_number
from shared.calendar import WorkingCalendar
from shared.clock import LOCAL_ZONE
from shared.events.intake import Urgency
from shared.migrations import differences
from shared.settings import BadSettings
from shared.testing import COMMUNITY

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIMITS, CATALOGUE = load_limits(), load_catalogue()
CLOCKS = Clocks(LIMITS, load_clock_rules(), WorkingCalendar(), LOCAL_ZONE)


def facts(**given: Any) -> Facts:
    plain: dict[str, Any] = {
        "state": "in_progress",
        "urgency": "U2",
        "level": 1,
        "reopen_count": 0,
        "accepted_at": NOON,
        "due_resolve": NOON + 10 * HOUR,
        "resolved_at": None,
        "suspended_at": None,
    }
    return Facts(**{**plain, **given})


@pytest.mark.parametrize(
    ("given", "after", "colour"),
    [
        ({}, HOUR, "blue"),
        ({}, 8 * HOUR - timedelta(seconds=1), "blue"),
        ({}, 8 * HOUR, "yellow"),
        ({}, 10 * HOUR, "yellow"),
        ({}, 10 * HOUR + timedelta(seconds=1), "red"),
        ({"urgency": "U0"}, HOUR, "red"),
        ({"reopen_count": 1}, HOUR, "blue"),
        ({"reopen_count": 2}, HOUR, "red"),
        ({"state": "escalated", "level": 2}, HOUR, "yellow"),
        ({"state": "escalated", "level": 3}, HOUR, "red"),
        ({"state": "suspended", "suspended_at": NOON + HOUR}, 7 * DAY, "blue"),
        ({"state": "suspended", "suspended_at": NOON + HOUR}, 7 * DAY + HOUR, "yellow"),
        ({"state": "resolved", "resolved_at": NOON + 9 * HOUR}, 20 * HOUR, "blue"),
        ({"state": "closed", "resolved_at": NOON + 11 * HOUR}, 20 * HOUR, "red"),
        ({"state": "withdrawn"}, 20 * HOUR, "blue"),
        ({"state": "reported", "accepted_at": None, "due_resolve": None}, 20 * HOUR, "blue"),
        ({"paused": 10 * HOUR, "due_resolve": NOON + 20 * HOUR}, 17 * HOUR, "blue"),
        ({"paused": 10 * HOUR, "due_resolve": NOON + 20 * HOUR}, 18 * HOUR, "yellow"),
    ],
)
def test_the_colour_follows_from_urgency_clock_and_state(
    given: dict[str, Any], after: timedelta, colour: str
) -> None:
    assert colour_of(facts(**given), NOON + after, CLOCKS) == colour


@pytest.mark.parametrize(("urgency", "minutes"), [("U0", 15), ("U1", 30), ("U2", 1440), ("U3", 1440)])
def test_acceptance_is_due_by_urgency(urgency: str, minutes: int) -> None:
    assert due_accept(Urgency(urgency), NOON, CLOCKS) - NOON == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("code", "urgency", "respond_h", "resolve_h"),
    [
        ("0101", "U0", 0.5, 24),
        ("0106", "U1", 0.5, 24),
        ("0503", "U2", 24, 72),
        ("0801", "U2", 4, 24),
        ("0503", "U1", 2, 72),
        ("0801", "U3", 24, 360),
        ("0504", "U2", 24, 168),
        ("0104", "U2", 24, 72),
    ],
)
def test_work_is_due_by_category_or_by_an_urgency_set_by_hand(
    code: str, urgency: str, respond_h: float, resolve_h: float
) -> None:
    category = CATALOGUE.by_code[code]
    due = due_after_acceptance(category, Urgency(urgency), NOON, CLOCKS)
    assert (due.respond - NOON, due.resolve - NOON) == (respond_h * HOUR, resolve_h * HOUR)


def test_small_is_ordinary_and_begins_in_the_grid() -> None:
    assert is_small("U2", 1)
    assert not is_small("U2", 2)
    assert not is_small("U1", 1)
    assert not is_small(None, 0)


def test_all_categories_of_the_method_are_there() -> None:
    assert len(CATALOGUE.categories) == 47
    assert {one.code for one in CATALOGUE.categories if one.is_safety} == {f"010{n}" for n in range(1, 8)}
    assert CATALOGUE.by_code["0301"].first_level == 2
    assert CATALOGUE.find(None) is None


def changed(path: Path, source: str, change: Any) -> Path:
    content = yaml.safe_load((Path("services/intake/rules") / source).read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_a_broken_catalogue_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    def twice(content: Any) -> None:
        content["categories"].append(content["categories"][0])

    def homeless(content: Any) -> None:
        content["groups"].pop()

    def misspelt(content: Any) -> None:
        content["categories"][0]["urgncy"] = "U0"

    for change, said in ((twice, "0101 stands twice"), (homeless, "99"), (misspelt, "urgncy")):
        with pytest.raises(BadSettings, match=said):
            load_catalogue(changed(tmp_path / "own.yaml", "categories.yaml", change))


def test_a_site_has_limits_of_its_own(tmp_path: Path) -> None:
    def shorter(content: Any) -> None:
        content["reopen"]["days"] = 7

    assert load_limits(changed(tmp_path / "own.yaml", "limits.yaml", shorter)).reopen.days == 7


@pytest.mark.parametrize(
    "text",
    [
        "13912345678",
        "call 139 1234 5678 now",
        "电话：１３９１２３４５６７８",
        "+86-139-1234-5678",
        "0931-4871234",
        "12345678901",
        "620102199001011234",
        "62010219900101123X",
        "620102 19900101 123x",
    ],
)
def test_phone_and_identity_numbers_are_found_however_they_are_written(text: str) -> None:
    assert holds_personal_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "119 called at 10:02",
        "28,000 yuan since 2026-03-05 10:02",
        COMMUNITY,
        f"{COMMUNITY}001",
        f"{COMMUNITY}001001",
        "WLD-20260305-0001",
        "building 3, unit 2, door 501",
        "",
    ],
)
def test_times_sums_and_codes_are_no_numbers_of_persons(text: str) -> None:
    assert not holds_personal_number(text)


def test_a_number_has_four_digits_at_least() -> None:
    assert number("WLD", NOON.date(), 7) == "WLD-20260305-0007"
    assert number("WLD", NOON.date(), 12345) == "WLD-20260305-12345"


@given(st.text(max_size=40))
def test_only_the_code_itself_matches_however_it_is_read_out(other: str) -> None:
    code = new_code()
    spoken = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert matches(code, code_hash(code))
    assert matches(spoken, code_hash(code))
    assert not matches(other, code_hash(code))
    assert not matches(other, None)


def test_the_migrations_make_what_the_models_describe() -> None:
    assert differences("intake", PLAN.service.metadata) == []
