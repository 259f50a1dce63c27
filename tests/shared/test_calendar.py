"""The working calendar over holidays, swapped weekends, and years that nobody has published yet."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendar import WorkingCalendar, load_calendar
from shared.clock import LOCAL_ZONE
from shared.settings import BadSettings

OFFICE = WorkingCalendar()
DAY = 420
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - st wants naive bounds


def at(text: str) -> datetime:
    """A moment told in local time."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
        (date(2026, 2, 14), True),
        (date(2026, 2, 17), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),
        (date(2004, 1, 22), False),
    ],
)
def test_a_published_year_knows_its_holidays_and_swapped_weekends(day: date, worked: bool) -> None:
    assert OFFICE.is_working_day(day) is worked
    assert not OFFICE.is_provisional(day)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2027, 2, 8), False),
        (date(2027, 10, 1), False),
        (date(2027, 10, 5), False),
        (date(2027, 10, 9), False),
        (date(2027, 10, 11), True),
        (date(1990, 10, 1), False),
        (date(2003, 12, 31), True),
        (date(2100, 1, 1), False),
        (date(2100, 1, 4), True),
        (date.min, True),
        (date.max, True),
    ],
)
def test_other_years_go_by_statutory_days_and_weekends_and_are_provisional(day: date, worked: bool) -> None:
    assert OFFICE.is_working_day(day) is worked
    assert OFFICE.is_provisional(day)


@settings(deadline=None)
@given(st.dates())
def test_no_date_ever_raises(day: date) -> None:
    assert OFFICE.is_working_day(day) in {True, False}
    assert OFFICE.is_provisional(day) is not (2004 <= day.year <= 2026)


def test_the_site_decides_single_days_for_good() -> None:
    calendar = WorkingCalendar({date(2027, 10, 9): True, date(2026, 10, 8): False})
    assert calendar.is_working_day(date(2027, 10, 9))
    assert not calendar.is_provisional(date(2027, 10, 9))
    assert not calendar.is_working_day(date(2026, 10, 8))
    assert calendar.is_provisional(date(2027, 10, 8))


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-02T09:00", 60, "2026-11-02T10:00"),
        ("2026-11-02T09:00", 180, "2026-11-02T12:00"),
        ("2026-11-02T09:00", 181, "2026-11-02T14:01"),
        ("2026-11-02T12:30", 30, "2026-11-02T14:30"),
        ("2026-11-02T17:59", 2, "2026-11-03T09:01"),
        ("2026-11-02T23:59", 1, "2026-11-03T09:01"),
        ("2026-11-03T00:00", 1, "2026-11-03T09:01"),
        ("2026-11-06T18:00", 1, "2026-11-09T09:01"),
        ("2026-09-30T17:00", 120, "2026-10-08T10:00"),
        ("2026-10-09T17:00", 120, "2026-10-10T10:00"),
        ("2026-10-10T17:00", 120, "2026-10-12T10:00"),
        ("2026-02-14T17:00", 120, "2026-02-24T10:00"),
        ("2026-12-31T17:00", 120, "2027-01-04T10:00"),
        ("2026-12-24T09:00", 15 * DAY, "2027-01-14T18:00"),
        ("2026-11-02T20:00", 0, "2026-11-02T20:00"),
    ],
)
def test_working_time_is_counted_in_office_hours_only(start: str, minutes: int, due: str) -> None:
    end = OFFICE.add_working(at(start), minutes)
    assert end == at(due)
    assert end.tzinfo is UTC
    assert OFFICE.working_between(at(start), end) == timedelta(minutes=minutes)


def test_a_whole_holiday_week_holds_no_working_time() -> None:
    assert OFFICE.working_between(at("2026-10-01T00:00"), at("2026-10-08T00:00")) == timedelta()
    assert OFFICE.working_between(at("2026-10-05T00:00"), at("2026-10-12T00:00")) == timedelta(
        minutes=3 * DAY
    )


def test_backwards_the_working_time_is_negative() -> None:
    assert OFFICE.working_between(at("2026-11-02T11:00"), at("2026-11-02T10:00")) == timedelta(hours=-1)


def test_a_due_time_beyond_the_published_years_is_known_to_be_provisional() -> None:
    start = at("2026-12-24T09:00")
    assert OFFICE.is_provisional_between(start, OFFICE.add_working(start, 15 * DAY))
    assert not OFFICE.is_provisional_between(start, OFFICE.add_working(start, DAY))


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 60 * DAY))
def test_what_was_added_is_what_lies_between(start: datetime, minutes: int) -> None:
    assert OFFICE.working_between(start, OFFICE.add_working(start, minutes)) == timedelta(minutes=minutes)


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 20 * DAY), st.integers(0, 20 * DAY))
def test_more_working_time_never_ends_earlier_and_parts_add_up(start: datetime, some: int, more: int) -> None:
    first = OFFICE.add_working(start, some)
    assert first >= start
    assert OFFICE.add_working(start, some + more) == OFFICE.add_working(first, more)


@settings(deadline=None)
@given(MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up_over_any_moment_in_between(
    one: datetime, two: datetime, three: datetime
) -> None:
    whole = OFFICE.working_between(one, three)
    assert whole == OFFICE.working_between(one, two) + OFFICE.working_between(two, three)


def test_summer_time_of_1990_moves_the_hours_with_the_local_clock() -> None:
    assert OFFICE.add_working(datetime(1990, 7, 2, 0, 0, tzinfo=UTC), 1) == datetime(
        1990, 7, 2, 0, 1, tzinfo=UTC
    )


def test_other_hours_may_be_kept() -> None:
    duty = WorkingCalendar(hours=[(time(0), time(23, 59))])
    assert duty.add_working(at("2026-11-02T23:58"), 2) == at("2026-11-03T00:01")


@pytest.mark.parametrize(
    "hours",
    [
        [],
        [(time(12), time(9))],
        [(time(9), time(12)), (time(11), time(18))],
        [(time(9), time(9))],
    ],
)
def test_hours_that_overlap_or_run_backwards_are_refused(hours: list[tuple[time, time]]) -> None:
    with pytest.raises(ValueError, match="sessions in order"):
        WorkingCalendar(hours=hours)


def test_what_cannot_be_reckoned_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        OFFICE.add_working(at("2026-11-02T09:00"), -1)
    with pytest.raises(ValueError, match="within a hundred years"):
        OFFICE.add_working(at("2026-11-02T09:00"), 30_000 * DAY)
    with pytest.raises(ValueError, match="must not exceed a hundred years"):
        OFFICE.working_between(at("1901-01-01T00:00"), at("2026-01-01T00:00"))


def test_a_site_file_sets_days_and_hours(tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(
        "working: [2027-10-09]\nfree: [2026-11-03]\nhours: [['08:30', '12:00'], ['14:30', '18:00']]\n",
        encoding="utf-8",
    )
    calendar = load_calendar(path)
    assert calendar.is_working_day(date(2027, 10, 9))
    assert calendar.add_working(at("2026-11-02T18:00"), 1) == at("2026-11-04T08:31")


def test_a_year_whose_notice_the_site_has_loaded_is_certain(tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text("working: [2027-01-02]\nfree: [2027-01-04]\npublished: [2027]\n", encoding="utf-8")
    calendar = load_calendar(path)
    assert not calendar.is_provisional(date(2027, 5, 10))
    assert calendar.is_provisional(date(2028, 1, 3))
    assert calendar.add_working(at("2026-12-31T17:00"), 120) == at("2027-01-02T10:00")


def test_an_edition_names_what_is_known_of_the_years() -> None:
    noticed = WorkingCalendar(published=frozenset({2027}))
    assert OFFICE.edition == WorkingCalendar().edition
    assert len({OFFICE.edition, noticed.edition, WorkingCalendar({date(2027, 1, 2): True}).edition}) == 3


def test_without_a_site_file_the_published_calendar_stands() -> None:
    assert load_calendar(None).is_working_day(date(2026, 10, 10))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("working: [2027-10-09]\nfree: [2027-10-09]\n", "2027-10-09 stands under both working and free"),
        ("hours: [['12:00', '09:00']]\n", "sessions in order"),
        ("frei: []\n", "frei: Extra inputs are not permitted"),
        ("free: [someday]\n", "free.0: "),
    ],
)
def test_a_wrong_site_file_is_refused_with_the_place(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadSettings) as refused:
        load_calendar(path)
    assert fault in str(refused.value)
