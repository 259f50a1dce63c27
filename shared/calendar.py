"""The working calendar: Chinese public holidays with their swapped weekends, in the hours of an office.

The published calendar counts where there is one. For other years the statutory days and the weekends stand in
and are called provisional: the State Council names the swapped days of a year only in the November before.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache
from hashlib import sha256
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Self

import chinese_calendar
from holidays import country_holidays
from pydantic import BaseModel, ConfigDict, model_validator

from shared.clock import LOCAL_ZONE, as_utc, local_date
from shared.settings import load_yaml

OFFICE_HOURS = ((time(9), time(12)), (time(14), time(18)))
_LONGEST = timedelta(days=100 * 366)
_SATURDAY = 5


class WorkingCalendar:
    """Says which days are worked, and reckons spans in working time.

    `overrides` decides single days (True is worked) whatever anybody publishes; `hours` are the sessions of a
    working day, in order and within one day, in local time of the zone. The overrides hold the whole notice
    of the years in `published`, so that no day of these is provisional.
    """

    def __init__(
        self,
        overrides: Mapping[date, bool] | None = None,
        hours: Sequence[tuple[time, time]] = OFFICE_HOURS,
        zone: tzinfo = LOCAL_ZONE,
        *,
        published: frozenset[int] = frozenset(),
    ) -> None:
        bounds = [bound for session in hours for bound in session]
        if not bounds or any(later <= earlier for earlier, later in pairwise(bounds)):
            raise ValueError(
                "The hours must be sessions in order that do not overlap, such as 09:00 to 12:00"
            )
        self._overrides = dict(overrides or {})
        self._hours = tuple(hours)
        self._zone = zone
        self._published = published

    @cached_property
    def edition(self) -> str:
        """A name for all that is known of any year: another one where the site or a library knows more."""
        libraries = [version(name) for name in ("chinesecalendar", "holidays")]
        known = (sorted(self._overrides.items()), self._hours, str(self._zone), sorted(self._published))
        return sha256(repr((known, libraries)).encode()).hexdigest()[:16]

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that day. Answers for every date there is."""
        decided = self._overrides.get(day)
        return day in _working_days(day.year) if decided is None else decided

    def is_provisional(self, day: date) -> bool:
        """Whether the answer for that day may change when the notice for its year is published."""
        is_certain = day in self._overrides or day.year in self._published
        return not (is_certain or _is_published(day.year))

    def is_provisional_between(self, start: datetime, end: datetime) -> bool:
        """Whether any day from start to end is provisional, so that a due time over them may move."""
        first, last = local_date(start, self._zone), local_date(end, self._zone)
        return any(self.is_provisional(day) for day in _days(first, last))

    def add_working(self, start: datetime, minutes: int) -> datetime:
        """Return the moment, in UTC, at which that many working minutes have passed.

        What ends with a session is due at its end, not when the next begins; 0 minutes end at once.
        Negative minutes, and a century in which they do not find room, raise ValueError.
        """
        if minutes < 0:
            raise ValueError("Working time is added forwards: minutes must not be negative")
        moment, left = as_utc(start), timedelta(minutes=minutes)
        if not left:
            return moment
        for begins, ends in self._sessions(local_date(start, self._zone), moment + _LONGEST):
            span = ends - max(begins, moment)
            if span >= left:
                return max(begins, moment) + left
            left -= max(span, timedelta())
        raise ValueError("There is no room for so much working time within a hundred years")

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from start to end, negative where the end comes first.

        A span of more than a hundred years raises ValueError.
        """
        begin, finish = as_utc(start), as_utc(end)
        if finish < begin:
            return -self.working_between(end, start)
        if finish - begin > _LONGEST:
            raise ValueError("A span of working time must not exceed a hundred years")
        worked = timedelta()
        for opens, closes in self._sessions(local_date(start, self._zone), finish):
            worked += max(min(closes, finish) - max(opens, begin), timedelta())
        return worked

    def _sessions(self, first: date, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        for day in _days(first, local_date(until, self._zone)):
            if self.is_working_day(day):
                for opens, closes in self._hours:
                    yield self._moment(day, opens), self._moment(day, closes)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self._zone).astimezone(UTC)


class SiteCalendar(BaseModel):
    """A site's own file: days worked or free against the published calendar, and other office hours.

    A year under `published` has its notice in this file, whole: what is not named in it goes by the statutory
    days and the weekends, and is certain.
    """

    model_config = ConfigDict(extra="forbid")

    working: frozenset[date] = frozenset()
    free: frozenset[date] = frozenset()
    published: frozenset[int] = frozenset()
    hours: tuple[tuple[time, time], ...] = OFFICE_HOURS

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        both = sorted(self.working & self.free)
        if both:
            raise ValueError(f"{both[0]} stands under both working and free; leave it under one")
        WorkingCalendar(hours=self.hours)
        return self


def load_calendar(path: Path | None, zone: tzinfo = LOCAL_ZONE) -> WorkingCalendar:
    """Make a site's calendar from its YAML file, if it has one; BadSettings names what is wrong in it."""
    site = SiteCalendar() if path is None else load_yaml(path, SiteCalendar)
    overrides = dict.fromkeys(site.working, True) | dict.fromkeys(site.free, False)
    return WorkingCalendar(overrides, site.hours, zone, published=site.published)


def _days(first: date, last: date) -> Iterator[date]:
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))


@lru_cache(maxsize=256)
def _is_published(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=256)
def _working_days(year: int) -> frozenset[date]:
    days = _days(date(year, 1, 1), date(year, 12, 31))
    if _is_published(year):
        return frozenset(day for day in days if chinese_calendar.is_workday(day))
    statutory = country_holidays("CN", years=year, expand=False)
    return frozenset(day for day in days if day.weekday() < _SATURDAY and day not in statutory)
