"""What only the street says of an escalation: who does it there, who came, what was given, that it ended."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.escalations.answers import Answer, fits, note_of, reply
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import count_level, data_of, move, snapshot_of
from services.intake.escalations.rules import move_of
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot
from shared.events.intake import (
    EscalationCheckedIn,
    EscalationClosed,
    EscalationDepartmentAssigned,
    EscalationReliefGiven,
)
from shared.events.notify import StreetReliefGiven
from shared.service import Work


@dataclass(frozen=True, slots=True)
class Arrival:
    """A unit of the street's, and when it is to be done, or came."""

    unit: str
    at: datetime | None


def assign_department(work: Work, escalation: Escalation, issue: Issue, to: Arrival, answer: Answer) -> None:
    """One of the street's departments does it from now on; what is over keeps the word, and nothing more."""
    note = _with(escalation, answer, {"unit": to.unit, "due": _said(to.at)})
    if fits(escalation, "progress"):
        count_level(escalation, issue)
        escalation.department, escalation.department_due = to.unit, to.at
        snapshot = move(work, escalation, "progress")
        work.emit(EscalationDepartmentAssigned(escalation=snapshot, unit=to.unit, due=to.at))
    jot(work, issue, "assign-department", note)


def check_in(work: Work, escalation: Escalation, issue: Issue, come: Arrival, answer: Answer) -> None:
    """Somebody came: the first who does is the one that the whistle waited for."""
    at = come.at or work.now
    late = escalation.due_ack is not None and at > escalation.due_ack
    note = _with(escalation, answer, {"unit": come.unit, "at": _said(at), "late": late})
    if escalation.checked_in_at is None:
        escalation.checked_in_unit, escalation.checked_in_at = come.unit, at
        escalation.acknowledged_at = escalation.acknowledged_at or work.now
        count_level(escalation, issue)
        if fits(escalation, "progress"):
            snapshot = move(work, escalation, "progress")
        else:
            escalation.version += 1
            snapshot = snapshot_of(escalation)
        work.emit(EscalationCheckedIn(escalation=snapshot, unit=come.unit, at=at, late=late))
    jot(work, issue, "check-in", note)


async def note_relief(
    work: Work, escalation: Escalation, issue: Issue, event: StreetReliefGiven, answer: Answer
) -> None:
    """Relief was given: the asking is answered. What was given counts also where it was over meanwhile."""
    if fits(escalation, "reply"):
        await reply(work, escalation, issue, answer)
    else:
        jot(work, issue, "reply-escalation", note_of(escalation, answer))
    escalation.version += 1
    given = EscalationReliefGiven(
        escalation=snapshot_of(escalation),
        relief_id=event.inbound.id,
        household_code=escalation.household_code,
        office=event.office,
        given_at=event.at,
        form=event.form,
        goods=event.goods,
        amount_sealed=event.amount_sealed,
    )
    work.emit(given)


def confirm(work: Work, escalation: Escalation, issue: Issue, name: str, at: datetime) -> None:
    """The street knows that it is over: what stood at the side is closed with that."""
    if escalation.confirmed_at is not None:
        return
    escalation.confirmed_at = at
    if escalation.state in move_of(name).sources:
        work.emit(EscalationClosed(escalation=move(work, escalation, name)))
    jot(work, issue, name, Note(data=data_of(escalation)))


def _with(escalation: Escalation, answer: Answer, data: dict[str, object]) -> Note:
    said = note_of(escalation, answer)
    return Note(text=said.text, data={**said.data, **data})


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
