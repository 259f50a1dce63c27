"""Running time, and when an issue is due in it (domain.md §4): pure reckoning."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import ceil
from typing import Protocol

from services.intake.catalogue import Category
from services.intake.clocks.rules import ClockRules
from services.intake.limits import Limits
from shared.calendar import WorkingCalendar
from shared.events.intake import Urgency

SMALL_LEVEL = 1
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_DAY_MINUTES = 1440


class Running(Protocol):
    """The time in which a clock runs."""

    def limit(self, minutes: float) -> timedelta:
        """How much running time a limit of so many minutes is."""
        ...

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment at which that much running time has passed."""
        ...

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The running time between two moments; negative where the end comes first."""
        ...

    def back(self, end: datetime, span: timedelta) -> datetime:
        """A moment after which just that much running time is left until the end."""
        ...

    def provisional(self, start: datetime, end: datetime) -> str | None:
        """The edition of the calendar, where a day between the two may still change; else None."""
        ...


class WallTime:
    """Around the clock."""

    def limit(self, minutes: float) -> timedelta:
        return timedelta(minutes=minutes)

    def add(self, start: datetime, span: timedelta) -> datetime:
        return start + span

    def between(self, start: datetime, end: datetime) -> timedelta:
        return end - start

    def back(self, end: datetime, span: timedelta) -> datetime:
        return end - span

    def provisional(self, start: datetime, end: datetime) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """In the office hours of the calendar; a whole day of a limit is one working day of `day_minutes`."""

    calendar: WorkingCalendar
    day_minutes: int

    def limit(self, minutes: float) -> timedelta:
        days, rest = divmod(minutes, _DAY_MINUTES)
        return timedelta(minutes=days * self.day_minutes + min(rest, self.day_minutes))

    def add(self, start: datetime, span: timedelta) -> datetime:
        # The calendar counts whole minutes; what was added too much lies in the last of them.
        minutes = ceil(span / MINUTE)
        return self.calendar.add_working(start, minutes) - (minutes * MINUTE - span)

    def between(self, start: datetime, end: datetime) -> timedelta:
        return self.calendar.working_between(start, end)

    def back(self, end: datetime, span: timedelta) -> datetime:
        far = DAY
        while self.between(end - far, end) < span:
            far *= 2
        start = end - far
        return self.add(start, self.between(start, end) - span)

    def provisional(self, start: datetime, end: datetime) -> str | None:
        return self.calendar.edition if self.calendar.is_provisional_between(start, end) else None


WALL: Running = WallTime()


@dataclass(frozen=True, slots=True)
class Clocks:
    """All that times of issues are reckoned by."""

    limits: Limits
    rules: ClockRules
    calendar: WorkingCalendar
    zone: tzinfo

    def running(self, urgency: str | None) -> Running:
        """The time in which the clocks of that urgency run; what has none yet counts as ordinary."""
        return self.working if (urgency or Urgency.U2) in self.rules.working_time.urgencies else WALL

    @property
    def working(self) -> Running:
        """The time of the office hours."""
        return WorkingTime(self.calendar, self.rules.working_time.day_minutes)


@dataclass(frozen=True, slots=True)
class Due:
    """Until when the handler must have made contact, have told how it stands, and be done."""

    respond: datetime
    interim: datetime
    resolve: datetime


def due_accept(urgency: Urgency, reported_at: datetime, clocks: Clocks) -> datetime:
    """Until when somebody must have said that the matter is ours."""
    running = clocks.running(urgency)
    return running.add(reported_at, running.limit(clocks.limits.accept_minutes[urgency]))


def due_after_acceptance(category: Category, urgency: Urgency, began_at: datetime, clocks: Clocks) -> Due:
    """The hours of the category hold; where somebody set another urgency, the table of urgencies does."""
    limits, running = clocks.limits, clocks.running(urgency)
    if urgency == category.urgency:
        respond, resolve = category.respond_hours * 60, category.resolve_hours * 60
    else:
        small = is_small(urgency, category.first_level)
        respond = limits.respond_minutes[urgency]
        resolve = 60 * (limits.small_resolve_hours if small else limits.resolve_hours[urgency])
    interim = clocks.rules.interim_minutes[urgency]
    return Due(*(running.add(began_at, running.limit(minutes)) for minutes in (respond, interim, resolve)))


def is_small(urgency: str | None, level: int) -> bool:
    """小事: an ordinary matter that begins in the grid (domain.md §8, K7)."""
    return urgency == Urgency.U2 and level <= SMALL_LEVEL
