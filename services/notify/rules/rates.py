"""Pure: so many a minute, and no more at once than in one second (the generic cell rate algorithm)."""

from datetime import datetime, timedelta

_BURST = timedelta(seconds=1)


def allowance(spent_until: datetime | None, per_minute: int, now: datetime) -> int:
    """How many may go now, if the rate is spent up to that moment."""
    interval = timedelta(minutes=1) / per_minute
    return max(0, (now - _begin(spent_until, interval, now)) // interval)


def spend(spent_until: datetime | None, per_minute: int, count: int, now: datetime) -> datetime:
    """Up to when the rate is spent after so many more."""
    interval = timedelta(minutes=1) / per_minute
    return _begin(spent_until, interval, now) + interval * count


def _begin(spent_until: datetime | None, interval: timedelta, now: datetime) -> datetime:
    earliest = now - max(_BURST, interval)
    return earliest if spent_until is None else max(spent_until, earliest)
