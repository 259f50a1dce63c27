"""When an asking is due to be acknowledged and answered, and when somebody is reminded."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

from services.intake.clocks.timetable import used_up
from services.intake.escalations.models import Escalation
from services.intake.issues.clocks import WALL, Clocks, Running
from services.intake.issues.models import Issue
from shared.events.intake import EscalationState as S
from shared.events.intake import EscalationType, IssueState, Urgency
from shared.service import Work

# The issue came to its end elsewhere, or was taken back: nobody is awaited any more.
_DROPPED = frozenset({IssueState.rejected, IssueState.merged, IssueState.withdrawn})
Moments: TypeAlias = Iterator[tuple[str, datetime]]


def start_clocks(work: Work, escalation: Escalation) -> None:
    """From the sending on, the level that is asked has its own limits."""
    clocks, urgency = work.part(Clocks), _urgency(escalation)
    limits = clocks.limits.escalation
    escalation.sent_at = work.now
    escalation.due_ack = due_ack(escalation, work.now, clocks)
    escalation.due_reply = work.now + timedelta(days=limits.reply_days[urgency])
    if escalation.type == EscalationType.emergency_notice:
        escalation.due_report = work.now + timedelta(minutes=clocks.rules.emergency.follow_up_minutes)
    set_timer(work, escalation)


def due_ack(escalation: Escalation, sent_at: datetime, clocks: Clocks) -> datetime:
    """Until when the level that is asked has to say that it takes it, or has to be there."""
    limits, urgency = clocks.limits.escalation, _urgency(escalation)
    if escalation.type == EscalationType.whistle:
        minutes = limits.check_in_minutes[urgency]
    else:
        minutes = limits.ack_minutes.get(urgency, limits.ack_working_minutes)
    return _time_of(escalation, clocks).add(sent_at, timedelta(minutes=minutes))


def set_timer(work: Work, escalation: Escalation, issue: Issue | None = None) -> None:
    """Note when it has to be looked at next, and whether that may still move with the calendar.

    Without its issue it may be looked at once too often.
    """
    clocks = work.part(Clocks)
    ahead = moments(escalation, clocks, issue)
    heard = escalation.fired or []
    escalation.fired = [name for name in heard if name not in ahead or ahead[name] <= work.now]
    escalation.timer_at = min(
        (at for name, at in ahead.items() if name not in escalation.fired), default=None
    )
    sent = escalation.sent_at or work.now
    last = max((at for _, at in _acknowledgement(escalation, clocks)), default=sent)
    escalation.provisional_edition = _time_of(escalation, clocks).provisional(sent, last)


def due_moments(work: Work, escalation: Escalation, issue: Issue) -> list[tuple[datetime, str]]:
    """What is due and was not done yet, the oldest first."""
    ahead = moments(escalation, work.part(Clocks), issue)
    due = [(at, name) for name, at in ahead.items() if at <= work.now and name not in escalation.fired]
    return sorted(due)


def moments(escalation: Escalation, clocks: Clocks, issue: Issue | None) -> dict[str, datetime]:
    """Every moment of the clocks that run now, past and to come, by its name."""
    if issue is not None and issue.state in _DROPPED:
        return {}
    found = {name: at for reckon in _RUNNING for name, at in reckon(escalation, clocks)}
    return found | dict(_report(escalation, clocks, issue))


def _acknowledgement(escalation: Escalation, clocks: Clocks) -> Moments:
    due = escalation.due_ack
    if escalation.state == S.acknowledged and due is not None:
        yield "taken", due
    if escalation.state != S.sent or due is None:
        return
    rules, running = clocks.rules.escalation, _time_of(escalation, clocks)
    gap = timedelta(minutes=rules.remind_minutes[_urgency(escalation)])
    for no in range(rules.reminders):
        yield f"acknowledgement.{no + 1}", running.add(due, gap * no)
    yield "expired", running.add(due, gap * rules.reminders)


def _reply(escalation: Escalation, clocks: Clocks) -> Moments:
    # An information copy asks for no answer.
    awaited = escalation.state in {S.acknowledged, S.handling}
    sent, due = escalation.sent_at, escalation.due_reply
    if awaited and sent and due and escalation.type != EscalationType.emergency_notice:
        yield "reply.1", used_up(WALL, sent, due, timedelta(), clocks.limits.warn_percent)
        yield "reply.2", due


def _report(escalation: Escalation, clocks: Clocks, issue: Issue | None) -> Moments:
    if escalation.due_report is None:
        return
    if issue is None or issue.resolved_at is None:
        yield "report", escalation.due_report
    else:
        yield "final", issue.resolved_at + timedelta(minutes=clocks.rules.emergency.final_minutes)


_RUNNING: tuple[Callable[[Escalation, Clocks], Moments], ...] = (_acknowledgement, _reply)


def _time_of(escalation: Escalation, clocks: Clocks) -> Running:
    """Whistles and what is urgent run around the clock, the rest in office hours (domain.md §2.2)."""
    urgent = _urgency(escalation) in clocks.limits.escalation.ack_minutes
    return WALL if urgent or escalation.type == EscalationType.whistle else clocks.working


def _urgency(escalation: Escalation) -> Urgency:
    return Urgency(escalation.urgency or Urgency.U2)
