"""Which clocks of an issue run in which state, and when they strike: a table, and pure reckoning."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from services.intake.issues.clocks import WALL, Clocks, Due, Running, is_small
from services.intake.mediation.rules import DISPUTES
from shared.clock import local_date, local_midnight
from shared.events.intake import IssueState as S
from shared.events.intake import SlaClock, Urgency


class Stage(StrEnum):
    """What a stroke means: a warning, the limit itself, the lift to the next level, the end of a wait."""

    warning = "warning"
    breached = "breached"
    raised = "raised"
    over = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that the clocks of an issue follow from."""

    state: str
    urgency: str | None
    level: int
    decline_count: int
    reported_at: datetime
    accepted_at: datetime | None
    clock_began_at: datetime | None
    interim_at: datetime | None
    suspended_at: datetime | None
    suspended_until: datetime | None
    resolved_at: datetime | None
    verified_at: datetime | None
    category: str | None
    mediated_at: datetime | None
    due_accept: datetime | None
    due_respond: datetime | None
    due_interim: datetime | None
    due_resolve: datetime | None
    paused_s: int

    @property
    def began(self) -> datetime | None:
        """Since when the clocks of the work run."""
        return self.clock_began_at or self.accepted_at


@dataclass(frozen=True, slots=True)
class Stroke:
    """One moment of one clock; `percent` of its limit is used up then, and the limit itself ends at `due`."""

    clock: SlaClock
    stage: Stage
    at: datetime
    due: datetime
    percent: int

    @property
    def name(self) -> str:
        """What the stroke is remembered by."""
        return f"{self.clock}.{self.stage}"


Strokes: TypeAlias = Iterator[Stroke]
Reckoning: TypeAlias = Callable[[Standing, Clocks], Strokes]


def strokes(standing: Standing, clocks: Clocks) -> dict[str, Stroke]:
    """Every stroke of the clocks that run now, past and to come, by its name."""
    found = (stroke for reckon in _RUNNING.get(S(standing.state), ()) for stroke in reckon(standing, clocks))
    return {stroke.name: stroke for stroke in found}


def first_look(
    urgency: Urgency, since: datetime, accept: datetime, due: Due | None, *, clocks: Clocks
) -> datetime:
    """When a report that has just come in is to be looked at: no later than its first stroke."""
    # What is due first warns first: the share is the same for all.
    limit = accept if due is None else min(due.respond, due.interim)
    warning = used_up(clocks.running(urgency), since, limit, timedelta(), clocks.limits.warn_percent)
    return warning if due is None else min(warning, since + timedelta(minutes=clocks.rules.assign_minutes))


def used_up(running: Running, began: datetime, due: datetime, paused: timedelta, percent: int) -> datetime:
    """The moment at which `percent` of the limit from `began` to `due` is used up, pauses left out."""
    whole = max(running.between(began, due) - paused, timedelta())
    if percent < 100:
        return running.back(due, whole * (100 - percent) / 100)
    return running.add(due, whole * (percent - 100) / 100)


def percent_used(issue: Standing, clocks: Clocks, now: datetime) -> int:
    """How much of the time to resolve is used up, in whole percent rounded down; it stands with the clock."""
    if issue.began is None or issue.due_resolve is None:
        return 0
    running, paused = clocks.running(issue.urgency), timedelta(seconds=issue.paused_s)
    whole = running.between(issue.began, issue.due_resolve) - paused
    used = running.between(issue.began, issue.suspended_at or issue.resolved_at or now) - paused
    return int(100 * used / whole) if whole > timedelta() else 100


def _limit(
    clock: SlaClock,
    running: Running,
    clocks: Clocks,
    began: datetime | None,
    due: datetime | None,
    *,
    paused_s: int = 0,
    warns: bool = True,
) -> Strokes:
    if began is None or due is None:
        return
    percents = {Stage.breached: 100}
    if warns:
        percents[Stage.warning] = clocks.limits.warn_percent
    if clock in clocks.rules.raising:
        percents[Stage.raised] = clocks.rules.raise_percent
    for stage, percent in percents.items():
        at = used_up(running, began, due, timedelta(seconds=paused_s), percent)
        yield Stroke(clock, stage, at, due, percent)


def _accept(issue: Standing, clocks: Clocks) -> Strokes:
    running = clocks.running(issue.urgency)
    return _limit(SlaClock.accept, running, clocks, issue.reported_at, issue.due_accept)


def _assign(issue: Standing, clocks: Clocks) -> Strokes:
    # Whoever handed it back has told the office already: from then on the clock of the response counts.
    if issue.began is not None and issue.decline_count == 0:
        due = issue.began + timedelta(minutes=clocks.rules.assign_minutes)
        yield from _limit(SlaClock.assign, WALL, clocks, issue.began, due, warns=False)


def _respond(issue: Standing, clocks: Clocks) -> Strokes:
    return _limit(SlaClock.respond, clocks.running(issue.urgency), clocks, issue.began, issue.due_respond)


def _interim(issue: Standing, clocks: Clocks) -> Strokes:
    # Where the result is due as soon, it is the answer.
    due = issue.due_interim
    if issue.interim_at is not None or due is None or due >= (issue.due_resolve or due):
        return iter(())
    running = clocks.running(issue.urgency)
    return _limit(SlaClock.interim, running, clocks, issue.began, due, paused_s=issue.paused_s)


def _resolve(issue: Standing, clocks: Clocks) -> Strokes:
    running = clocks.running(issue.urgency)
    return _limit(SlaClock.resolve, running, clocks, issue.began, issue.due_resolve, paused_s=issue.paused_s)


def _same_day(issue: Standing, clocks: Clocks) -> Strokes:
    if clocks.rules.small_same_day and issue.began is not None and is_small(issue.urgency, issue.level):
        tomorrow = local_date(issue.began, clocks.zone) + timedelta(days=1)
        due = local_midnight(tomorrow, clocks.zone)
        yield Stroke(SlaClock.same_day, Stage.warning, due, due, 100)


def _mediation(issue: Standing, clocks: Clocks) -> Strokes:
    # A dispute is to be mediated soon; where it is settled without, nobody asks any more.
    if (issue.category or "").startswith(DISPUTES) and issue.mediated_at is None and issue.began is not None:
        running = clocks.running(issue.urgency)
        due = running.add(issue.began, running.limit(clocks.limits.mediation.start_hours * 60))
        yield from _limit(SlaClock.mediation, running, clocks, issue.began, due)


def _suspension(issue: Standing, clocks: Clocks) -> Strokes:
    if issue.suspended_at is None or issue.suspended_until is None:
        return
    shows = issue.suspended_at + timedelta(days=clocks.limits.suspend.yellow_after_days)
    until = issue.suspended_until
    yield Stroke(SlaClock.suspension, Stage.over, until, until, 100)
    if shows < until:
        percent = round(100 * (shows - issue.suspended_at) / (until - issue.suspended_at))
        yield Stroke(SlaClock.suspension, Stage.warning, shows, until, percent)


def _judged(
    clock: SlaClock, issue: Standing, clocks: Clocks, since: datetime | None, minutes: int
) -> Strokes:
    running = clocks.running(issue.urgency)
    due = None if since is None else running.add(since, running.limit(minutes))
    return _limit(clock, running, clocks, since, due)


def _verify(issue: Standing, clocks: Clocks) -> Strokes:
    return _judged(SlaClock.verify, issue, clocks, issue.resolved_at, clocks.rules.verify_minutes)


def _call_back(issue: Standing, clocks: Clocks) -> Strokes:
    return _judged(SlaClock.call_back, issue, clocks, issue.verified_at, clocks.rules.call_back_minutes)


_WORK = (_interim, _resolve)
# What is not named here has no clock: it came to its end.
_RUNNING: Mapping[S, tuple[Reckoning, ...]] = {
    S.reported: (_accept,),
    S.accepted: (_assign, _respond, *_WORK, _same_day, _mediation),
    S.assigned: (_respond, *_WORK, _same_day, _mediation),
    S.in_progress: (*_WORK, _same_day, _mediation),
    S.escalated: _WORK,
    S.suspended: (_suspension,),
    S.resolved: (_verify,),
    S.verified: (_call_back,),
}
