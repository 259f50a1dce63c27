"""What happens when the level that was asked lets a limit pass, or takes the issue by letting it pass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from services.intake.escalations.clocks import due_moments, set_timer
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import count_level, data_of, move, snapshot_of
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot
from services.intake.issues.record import move as move_issue
from shared.events.intake import EscalationExpired, EscalationReminded, SlaBreached, SlaClock
from shared.service import Work


@dataclass(frozen=True, slots=True)
class Moment:
    """What is due, for the how manyth time, and since when."""

    what: str
    no: int
    at: datetime


def strike_escalation(work: Work, escalation: Escalation, issue: Issue) -> None:
    """Do what is due. Both are locked; each moment counts once, in the transaction that notes it."""
    while due := due_moments(work, escalation, issue):
        at, name = due[0]
        escalation.fired = [*escalation.fired, name]
        what, _, no = name.partition(".")
        ACTIONS[what](work, escalation, issue, Moment(what, int(no or 1), at))
    set_timer(work, escalation, issue)


def _remind(work: Work, escalation: Escalation, issue: Issue, moment: Moment) -> None:
    escalation.version += 1
    note = Note(reason_code=moment.what, data={**data_of(escalation), "reminder_no": moment.no})
    jot(work, issue, "remind-escalation", note)
    event = EscalationReminded(
        escalation=snapshot_of(escalation),
        awaited=cast(Literal["acknowledgement", "reply"], moment.what),
        reminder_no=moment.no,
    )
    work.emit(event)


def _expire(work: Work, escalation: Escalation, issue: Issue, moment: Moment) -> None:
    """Nobody took it: the community calls the duty phone. The level that was asked may still take it."""
    snapshot = move(work, escalation, "expire")
    jot(work, issue, "expire-escalation", Note(data=data_of(escalation)))
    work.emit(EscalationExpired(escalation=snapshot))


def _take(work: Work, escalation: Escalation, issue: Issue, moment: Moment) -> None:
    """The time for handing it back has passed: from now on it counts that this level took the issue."""
    count_level(escalation, issue)
    jot(work, issue, "take-escalation", Note(data=data_of(escalation)))


def _miss_report(work: Work, escalation: Escalation, issue: Issue, moment: Moment) -> None:
    data: dict[str, object] = {
        "clock": SlaClock.emergency_report,
        "stage": moment.what,
        "due_at": moment.at.isoformat(),
    }
    note = Note(reason_code=SlaClock.emergency_report, data=data)
    snapshot = move_issue(work, issue, "sla-breached", issue.state, note)
    event = SlaBreached(
        issue=snapshot,
        clock=SlaClock.emergency_report,
        due_at=moment.at,
        used_percent=100,
        minutes_late=(work.now - moment.at) // timedelta(minutes=1),
    )
    work.emit(event)


ACTIONS: Mapping[str, Callable[[Work, Escalation, Issue, Moment], None]] = {
    "acknowledgement": _remind,
    "reply": _remind,
    "expired": _expire,
    "taken": _take,
    "report": _miss_report,
    "final": _miss_report,
}
