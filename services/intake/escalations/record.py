"""How an escalation is made, found and moved: locked after its issue, so that nobody waits in a circle."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from services.intake.escalations.models import Escalation
from services.intake.escalations.rules import MOVES, OPEN, hold_to_table
from services.intake.issues.models import Issue
from services.intake.issues.record import locked
from services.intake.limits import Limits
from shared.calendar import WorkingCalendar
from shared.errors import Absent
from shared.events.intake import Dossier, EscalationSnapshot, EscalationType, IssueSnapshot, Urgency
from shared.service import Work


def snapshot_of(escalation: Escalation) -> EscalationSnapshot:
    """What the others may know of it as it stands."""
    return EscalationSnapshot.model_validate(escalation, from_attributes=True)


def dossier_of(escalation: Escalation) -> Dossier:
    """What the level that is asked gets to read."""
    return Dossier.model_validate(escalation.dossier)


async def locked_pair(work: Work, escalation_id: UUID) -> tuple[Escalation, Issue]:
    """The escalation and its issue, held until the transaction ends. Raises `Absent`."""
    issue_id = await work.session.scalar(select(Escalation.issue_id).where(Escalation.id == escalation_id))
    if issue_id is None:
        raise Absent("there is no such escalation")
    issue = await locked(work, issue_id)
    escalation = await work.session.get_one(Escalation, escalation_id, with_for_update=True)
    return escalation, issue


async def open_handover(work: Work, issue_id: UUID) -> Escalation | None:
    """The hand-over that is under way; an issue has one at most. The issue is locked already."""
    query = select(Escalation).where(
        Escalation.issue_id == issue_id,
        Escalation.type == EscalationType.handover,
        Escalation.state.in_(OPEN),
    )
    return await work.session.scalar(query.with_for_update())


def move(escalation: Escalation, name: str) -> EscalationSnapshot:
    """Take one step of the table. Raises `IllegalTransition`."""
    hold_to_table(escalation.state, name)
    escalation.state = MOVES[name].target
    escalation.version += 1
    return snapshot_of(escalation)


def start_clocks(work: Work, escalation: Escalation) -> None:
    """From the sending on, the level that is asked has its own limits."""
    escalation.sent_at = work.now
    urgency = Urgency(escalation.urgency or Urgency.U2)
    escalation.due_ack = _due_ack(work, escalation.type, urgency)
    escalation.due_reply = work.now + timedelta(days=work.part(Limits).escalation.reply_days[urgency])


def _due_ack(work: Work, kind: str, urgency: Urgency) -> datetime:
    limits = work.part(Limits).escalation
    if kind == EscalationType.whistle:
        return work.now + timedelta(minutes=limits.check_in_minutes[urgency])
    if urgency in limits.ack_minutes:
        return work.now + timedelta(minutes=limits.ack_minutes[urgency])
    return work.part(WorkingCalendar).add_working(work.now, limits.ack_working_minutes)


def about(issue: IssueSnapshot) -> dict[str, object]:
    """What an escalation repeats of its issue, so that nobody has to ask for it."""
    return {
        "issue_id": issue.id,
        "issue_no": issue.no,
        "community_code": issue.community_code,
        "street_code": issue.street_code,
        "area_code": issue.area_code,
        "category": issue.category,
        "urgency": issue.urgency,
        "privacy_class": issue.privacy_class,
        "from_level": issue.level,
    }
