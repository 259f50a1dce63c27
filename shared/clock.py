"""The time of day: asked for and never assumed, so that a test can turn the hands."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Whoever can say what time it is."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until somebody sets or advances it."""

    def __init__(self, start: datetime) -> None:
        self._now = as_utc(start)

    def now(self) -> datetime:
        """Return the moment the clock was last set to, in UTC."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to a moment, forwards or backwards."""
        self._now = as_utc(moment)

    def advance(self, by: timedelta) -> datetime:
        """Move the hands by a span (a negative one turns them back) and return the new time."""
        self._now += by
        return self._now


def as_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC, or raise ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def local_date(moment: datetime, zone: tzinfo = LOCAL_ZONE) -> date:
    """Return the calendar day that people in the zone live in at that moment."""
    return as_utc(moment).astimezone(zone).date()


def local_midnight(day: date, zone: tzinfo = LOCAL_ZONE) -> datetime:
    """Return the moment, in UTC, at which that day begins in the zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
