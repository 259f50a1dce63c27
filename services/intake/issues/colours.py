"""The colour of an issue (domain.md §5.4). Not its urgency: how much care it needs now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.clocks.timetable import used_up
from services.intake.issues.clocks import Clocks
from shared.events.grid import Colour
from shared.events.intake import IssueState as S
from shared.events.intake import Urgency

STREET_LEVEL = 3
_DROPPED = frozenset({S.rejected, S.merged, S.withdrawn})
_DONE = _DROPPED | {S.resolved, S.verified, S.closed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the colour follows from. The clock runs from acceptance, or where it began anew, to
    `due_resolve`."""

    state: str
    urgency: str | None
    level: int
    reopen_count: int
    accepted_at: datetime | None
    clock_began_at: datetime | None = None
    due_resolve: datetime | None
    resolved_at: datetime | None
    suspended_at: datetime | None
    paused: timedelta = timedelta()
    supervised: int | None = None


def colour_of(facts: Facts, now: datetime, clocks: Clocks) -> Colour:
    """Red before yellow before blue."""
    if _is_red(facts, now, clocks):
        return Colour.red
    return Colour.yellow if _is_yellow(facts, now, clocks) else Colour.blue


def _is_red(facts: Facts, now: datetime, clocks: Clocks) -> bool:
    handed_up = facts.state == S.escalated and facts.level >= STREET_LEVEL
    led_by_street = handed_up or (facts.supervised is not None and facts.state not in _DONE)
    due = None if facts.state in _DROPPED else facts.due_resolve
    breached = due is not None and _clock(facts, now) > due
    came_back = facts.reopen_count >= clocks.limits.reopen.secretary_from
    return facts.urgency == Urgency.U0 or breached or came_back or led_by_street


def _is_yellow(facts: Facts, now: datetime, clocks: Clocks) -> bool:
    if facts.state == S.escalated:
        return True
    if facts.suspended_at is not None and facts.state == S.suspended:
        return now - facts.suspended_at >= timedelta(days=clocks.limits.suspend.yellow_after_days)
    began = facts.clock_began_at or facts.accepted_at
    if facts.state in _DONE or began is None or facts.due_resolve is None:
        return False
    running, percent = clocks.running(facts.urgency), clocks.limits.warn_percent
    return now >= used_up(running, began, facts.due_resolve, facts.paused, percent)


def _clock(facts: Facts, now: datetime) -> datetime:
    """The moment at which the clock stands: it stops with a suspension, and with the result."""
    if facts.state == S.suspended and facts.suspended_at is not None:
        return facts.suspended_at
    if facts.state in _DONE and facts.resolved_at is not None:
        return facts.resolved_at
    return now
