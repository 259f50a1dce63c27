"""The colour of care by the worked examples of the method, and by its rules one after the other."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.grid.households.rules import (
    RISING,
    Alarm,
    ColourRules,
    Evaluation,
    Inputs,
    Override,
    Standing,
    evaluate,
    missed_in_a_row,
)
from services.grid.settings import RULES
from shared.events.grid import Colour
from shared.settings import load_yaml

RULE_SET = load_yaml(RULES / "colours.yaml", ColourRules)
START = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
CLEAR = Inputs(last_visit_ok=True)
FIRE = Alarm("sudden_event", START)


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def judged(inputs: Inputs, standing: Standing, day: int = 0) -> Evaluation:
    now = at(day)
    return evaluate(RULE_SET, inputs, standing, now=now, today=now.date())


def nightly(inputs: Inputs, standing: Standing, first: int, last: int) -> Evaluation:
    result = judged(inputs, standing, first)
    for day in range(first + 1, last + 1):
        result = judged(inputs, result.standing, day)
    return result


@pytest.mark.parametrize(
    ("tags", "score", "colour"),
    [
        ({"dibao", "life_sustaining_treatment"}, 80, "red"),
        ({"alone_60_79"}, 30, "yellow"),
        ({"dibao"}, 20, "blue"),
        ({"dibao", "disability_1_2"}, 65, "red"),
        ({"disability_1_2"}, 45, "yellow"),
        ({"disability_3_4", "dibao"}, 35, "yellow"),
        ({"alone_80plus"}, 60, "red"),
        ({"tekun", "alone_60_79"}, 60, "red"),
        ({"low_income_margin", "disability_3_4"}, 25, "blue"),
        (set(), 0, "blue"),
    ],
)
def test_a_household_that_comes_in_has_the_colour_of_its_points(
    tags: set[str], score: int, colour: str
) -> None:
    result = judged(Inputs(tags=frozenset(tags)), Standing(Colour.blue, START))
    assert (result.score, result.standing.colour) == (score, colour)
    assert sum(reason.points or 0 for reason in result.reasons) == score
    assert all(reason.text for reason in result.reasons)


def test_a_fire_makes_red_at_once_and_holds_it_for_thirty_days() -> None:
    result = judged(replace(CLEAR, alarms=(FIRE,)), Standing(Colour.blue, START))
    assert result.standing == Standing(Colour.red, START)
    assert [reason.code for reason in result.reasons] == ["sudden_event"]
    held = nightly(replace(CLEAR, alarms=(FIRE,)), result.standing, 1, 20)
    assert held.standing.colour is Colour.red
    assert held.standing.below == 0


def test_thirty_five_days_after_a_fire_two_clear_evaluations_lead_to_yellow_with_approval() -> None:
    struck = judged(replace(CLEAR, alarms=(FIRE,)), Standing(Colour.blue, START)).standing
    waiting = nightly(replace(CLEAR, alarms=(FIRE,)), struck, 34, 35)
    assert (waiting.standing.colour, waiting.standing.below, waiting.awaits_approval) == (Colour.red, 2, True)
    approved = replace(waiting.standing, step_down_approved=True)
    after = judged(replace(CLEAR, alarms=(FIRE,)), approved, 35)
    assert after.standing == Standing(Colour.yellow, at(35))
    assert after.target is Colour.blue


def test_one_day_counts_once_however_often_it_is_evaluated() -> None:
    standing = Standing(Colour.yellow, at(-40))
    for _ in range(5):
        standing = judged(CLEAR, standing).standing
    assert standing == Standing(Colour.yellow, at(-40), below=1, below_on=START.date())
    assert judged(CLEAR, standing, 1).standing == Standing(Colour.blue, at(1))


@pytest.mark.parametrize(
    ("inputs", "since"),
    [
        (replace(CLEAR, has_open_urgent=True), -40),
        (replace(CLEAR, last_visit_ok=False), -40),
        (CLEAR, -29),
    ],
    ids=["an urgent issue is open", "the last visit was not well", "less than thirty days in the colour"],
)
def test_yellow_does_not_fall_while_something_speaks_against_it(inputs: Inputs, since: int) -> None:
    ready = Standing(Colour.yellow, at(since), below=5, below_on=at(-1).date())
    assert judged(inputs, ready).standing.colour is Colour.yellow


def test_an_evaluation_that_is_not_lower_begins_the_count_anew_and_voids_the_approval() -> None:
    standing = Standing(Colour.red, at(-40), 3, at(-1).date(), step_down_approved=True)
    result = judged(Inputs(tags=frozenset({"alone_80plus"})), standing)
    assert result.standing == Standing(Colour.red, at(-40))


@pytest.mark.parametrize("kind", ["sudden_event", "threat_of_violence", "life_danger_report"])
def test_every_alarm_of_the_rule_set_makes_red_until_its_days_are_over(kind: str) -> None:
    alarm = Alarm(kind, START)
    assert alarm.is_in_force(RULE_SET, at(29))
    assert not alarm.is_in_force(RULE_SET, at(30))
    assert not alarm.is_in_force(RULE_SET, at(-1))
    assert judged(Inputs(alarms=(alarm,)), Standing(Colour.blue, START), 29).target is Colour.red


def test_two_red_visits_missed_in_a_row_make_red() -> None:
    assert judged(Inputs(missed_red_visits=1), Standing(Colour.yellow, START)).target is Colour.blue
    result = judged(Inputs(missed_red_visits=2), Standing(Colour.yellow, START))
    assert (result.standing.colour, result.reasons[0].code) == (Colour.red, "missed_visits")


@pytest.mark.parametrize(
    ("newest_first", "count"),
    [
        ([], 0),
        ([("missed", "red"), ("missed", "red"), ("done", "red"), ("missed", "red")], 2),
        ([("done", "red"), ("missed", "red")], 0),
        ([("missed", "yellow"), ("missed", "red")], 0),
    ],
)
def test_misses_are_counted_back_to_the_last_visit_that_was_none(
    newest_first: list[tuple[str, str]], count: int
) -> None:
    assert missed_in_a_row([(state, Colour(colour)) for state, colour in newest_first]) == count


def test_a_colour_set_by_hand_counts_until_it_expires() -> None:
    by_hand = Standing(Colour.red, at(-1), override=Override(Colour.blue, at(10)))
    during = judged(Inputs(tags=frozenset({"alone_80plus"})), by_hand)
    assert (during.standing.colour, during.target) == (Colour.blue, Colour.red)
    assert during.reasons[-1].code == "override"
    after = judged(Inputs(tags=frozenset({"alone_80plus"})), during.standing, 10)
    assert after.standing == Standing(Colour.red, at(10))


inputs_of_all_kinds = st.builds(
    Inputs,
    tags=st.frozensets(st.sampled_from(sorted(RULE_SET.points)), max_size=5),
    alarms=st.lists(
        st.builds(Alarm, st.sampled_from(sorted(RULE_SET.hard_red_days)), st.just(START) | st.just(at(-40))),
        max_size=2,
    ).map(tuple),
    missed_red_visits=st.integers(0, 3),
    has_open_urgent=st.booleans(),
    last_visit_ok=st.booleans(),
)


@given(
    inputs=inputs_of_all_kinds,
    colour=st.sampled_from(RISING),
    days=st.integers(0, 60),
    below=st.integers(0, 5),
    approved=st.booleans(),
)
def test_colours_rise_at_once_and_never_fall_by_more_than_one_step(
    inputs: Inputs, colour: Colour, days: int, below: int, approved: bool
) -> None:
    standing = Standing(colour, at(-days), below, date(2026, 3, 9), approved)
    result = judged(inputs, standing)
    before, after, target = (RISING.index(one) for one in (colour, result.standing.colour, result.target))
    assert after == target if target >= before else after in {before, before - 1}
    if after < before:
        assert days >= RULE_SET.down.dwell_days
        assert inputs.last_visit_ok
        assert not inputs.has_open_urgent
        assert approved or colour is not Colour.red
