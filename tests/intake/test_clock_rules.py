"""Running time and the table of clocks, without a database: office hours, holidays, swapped weekends."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.intake.catalogue import Category
from services.intake.clocks.rules import load_clock_rules
from services.intake.clocks.timetable import Standing, strokes
from services.intake.escalations.criteria import Criteria, Fact, load_criteria
from services.intake.issues.clocks import WALL, Clocks, WorkingTime, due_after_acceptance
from services.intake.limits import load_limits
from shared.calendar import WorkingCalendar
from shared.clock import LOCAL_ZONE
from shared.events.intake import Urgency
from shared.settings import BadSettings

LANZHOU = ZoneInfo("Asia/Shanghai")
OFFICE = WorkingTime(WorkingCalendar(), 420)
RULES = Path("services/intake/rules")
CLOCKS = Clocks(load_limits(), load_clock_rules(), WorkingCalendar(), LOCAL_ZONE)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def local(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=LANZHOU).astimezone(UTC)


@pytest.mark.parametrize(
    ("minutes", "start", "due"),
    [
        # A working day later, at the same hour.
        (1440, local(3, 5, 10), local(3, 6, 10)),
        # Four hours are four hours of work, and span the break at noon.
        (240, local(3, 5, 10), local(3, 5, 16)),
        # A day and a half hour.
        (1470, local(3, 5, 10), local(3, 6, 10, 30)),
        # From the Friday before the weekend to Monday.
        (1440, local(3, 6, 10), local(3, 9, 10)),
        # Over National Day 2026: off from the 1st to the 7th of October.
        (1440, local(9, 30, 15), local(10, 8, 15)),
        # The swapped Saturday, the 10th of October, is worked; the Sunday after it is not.
        (1440, local(10, 9, 15), local(10, 10, 15)),
        (1440, local(10, 10, 15), local(10, 12, 15)),
        # So is the Sunday before the holiday, the 20th of September.
        (1440, local(9, 18, 15), local(9, 20, 15)),
    ],
)
def test_a_limit_runs_in_office_hours(minutes: float, start: datetime, due: datetime) -> None:
    assert OFFICE.add(start, OFFICE.limit(minutes)) == due


MOMENTS = st.integers(0, 730 * 86_400).map(lambda seconds: local(1, 1) + timedelta(seconds=seconds))
SPANS = st.integers(0, 40 * 420 * 60).map(lambda seconds: timedelta(seconds=seconds))


@given(MOMENTS, SPANS)
def test_time_that_is_added_has_run_in_between(start: datetime, span: timedelta) -> None:
    for running in (WALL, OFFICE):
        assert running.between(start, running.add(start, span)) == span


@given(MOMENTS, SPANS)
def test_going_back_leaves_just_that_much_time(start: datetime, span: timedelta) -> None:
    for running in (WALL, OFFICE):
        end = running.add(start, span + HOUR)
        assert running.between(running.back(end, span), end) == span


def standing(**said: Any) -> Standing:
    plain: dict[str, Any] = dict.fromkeys(Standing.__dataclass_fields__)
    began = local(9, 30, 15)
    plain |= {"state": "in_progress", "urgency": "U2", "level": 2, "decline_count": 0, "paused_s": 0}
    return Standing(**{**plain, "reported_at": began, "accepted_at": began, **said})


@given(st.integers(1, 20), st.integers(0, 20 * 420 * 60))
def test_the_strokes_of_a_limit_come_in_their_order_however_long_it_waited(days: int, paused_s: int) -> None:
    due = OFFICE.add(local(9, 30, 15), OFFICE.limit(days * 1440) + timedelta(seconds=paused_s))
    rules = load_clock_rules()
    working = rules.working_time.model_copy(update={"urgencies": frozenset({"U2"})})
    office = Clocks(
        CLOCKS.limits, rules.model_copy(update={"working_time": working}), WorkingCalendar(), LOCAL_ZONE
    )
    found = strokes(standing(due_resolve=due, paused_s=paused_s), office)
    warned, breached, raised = (found[f"resolve.{name}"] for name in ("warning", "breached", "raised"))
    whole = timedelta(minutes=420 * days)
    assert OFFICE.between(warned.at, due) == whole / 5
    assert breached.at == due
    assert OFFICE.between(due, raised.at) == whole / 2


def test_an_issue_that_came_to_its_end_has_no_clock() -> None:
    for state in ("closed", "rejected", "merged", "withdrawn"):
        assert strokes(standing(state=state, due_resolve=local(10, 8)), CLOCKS) == {}


def test_a_wait_that_ends_within_the_week_shows_no_sooner() -> None:
    began = local(10, 8)
    short = standing(state="suspended", suspended_at=began, suspended_until=began + 3 * DAY)
    long = standing(state="suspended", suspended_at=began, suspended_until=began + 14 * DAY)
    assert set(strokes(short, CLOCKS)) == {"suspension.over"}
    assert strokes(long, CLOCKS)["suspension.warning"].percent == 50


@pytest.mark.parametrize(
    ("urgency", "hours"), [("U0", (2, 24)), ("U1", (24, 72)), ("U2", (72, 168)), ("U3", (168, 360))]
)
def test_each_urgency_has_its_time_for_word_in_between(urgency: str, hours: tuple[int, int]) -> None:
    began, urgent = local(3, 5), Urgency(urgency)
    kind = Category(
        code="9901", zh="其他", en="other", urgency=urgent, respond_hours=1, resolve_hours=hours[1], level=2,
        privacy_class=0,
    )  # fmt: skip
    due = due_after_acceptance(kind, urgent, began, CLOCKS)
    assert due.interim == began + hours[0] * HOUR
    at_work = standing(urgency=urgency, accepted_at=began, due_interim=due.interim, due_resolve=due.resolve)
    found = strokes(at_work, CLOCKS)
    assert found["interim.breached"].at == began + hours[0] * HOUR
    assert "interim.raised" not in found


def changed(path: Path, source: str, change: dict[str, Any]) -> Path:
    content = yaml.safe_load((RULES / source).read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(content | change, allow_unicode=True), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"working_time": {"urgencies": ["U0"], "day_minutes": 420}}, "U0 runs around the clock"),
        ({"interim_minutes": {"U0": 1, "U1": 1, "U2": 1}}, "U3 has no limit"),
        ({"raise_percent": 100}, "raise_percent"),
        ({"raising": ["sometimes"]}, "raising"),
        ({"hand_up": {"criterion": "x_y", "facts": "{who}", "why_not_here": "", "ask": ""}}, "who"),
        ({"assign_minuts": 3}, "assign_minuts"),
    ],
)
def test_broken_clock_rules_are_refused_with_what_is_wrong(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadSettings, match=said):
        load_clock_rules(changed(tmp_path / "own.yaml", "clocks.yaml", change))


HALF = {"code": "half", "zh": "半", "en": "half", "fact": "red_days"}
TWICE = {"code": "twice", "zh": "二", "en": "twice"}


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ({2: [HALF]}, "half needs both"),
        ({2: [TWICE, TWICE]}, "twice stands twice"),
        ({5: [TWICE]}, "levels"),
    ],
)
def test_broken_criteria_are_refused_with_what_is_wrong(tmp_path: Path, levels: Any, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load_criteria(changed(tmp_path / "own.yaml", "criteria.yaml", {"levels": levels}))


def test_a_level_without_criteria_needs_none() -> None:
    facts = dict.fromkeys(Fact, 0)
    assert Criteria(levels={2: ()}).fault(2, (), facts) is None
    assert Criteria(levels={}).fault(2, ("because",), facts) is not None
