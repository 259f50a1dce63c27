"""The clocks: what they promise about zones and days."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shared.clock import LOCAL_ZONE, Clock, FakeClock, SystemClock, as_utc, local_date, local_midnight

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def test_the_system_clock_tells_an_aware_time_in_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now().tzinfo is UTC


def test_a_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock(NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(timedelta(hours=2)) == NOON + timedelta(hours=2)
    assert clock.now() == NOON + timedelta(hours=2)


def test_a_fake_clock_may_be_set_back_as_a_real_one_is() -> None:
    clock = FakeClock(NOON)
    clock.set(NOON - timedelta(hours=1))
    assert clock.now() == NOON - timedelta(hours=1)


def test_a_fake_clock_answers_in_utc_whatever_zone_it_was_given() -> None:
    clock = FakeClock(datetime(2026, 10, 1, 20, 0, tzinfo=LOCAL_ZONE))
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-10-01T12:00:00 has no time zone"):
        as_utc(NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="has no time zone"):
        FakeClock(NOON.replace(tzinfo=None))


def test_the_local_day_begins_eight_hours_before_the_utc_day() -> None:
    assert local_date(datetime(2026, 9, 30, 15, 59, tzinfo=UTC)) == date(2026, 9, 30)
    assert local_date(datetime(2026, 9, 30, 16, 0, tzinfo=UTC)) == date(2026, 10, 1)
    assert local_midnight(date(2026, 10, 1)) == datetime(2026, 9, 30, 16, 0, tzinfo=UTC)


def test_the_zone_can_be_another_one() -> None:
    urumqi = timezone(timedelta(hours=6))
    assert local_date(datetime(2026, 9, 30, 17, 0, tzinfo=UTC), urumqi) == date(2026, 9, 30)
    assert local_midnight(date(2026, 10, 1), urumqi) == datetime(2026, 9, 30, 18, 0, tzinfo=UTC)
