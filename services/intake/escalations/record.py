"""How an escalation is made, found and moved: locked after its issue, so that nobody waits in a circle."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from services.intake.escalations.clocks import set_timer, start_clocks
from services.intake.escalations.models import Escalation
from services.intake.escalations.rules import HANDS_OVER, OPEN, TAKES_PART, hold_to_table, move_of
from services.intake.evidence.handing_on import links_for
from services.intake.issues.models import Issue, belonging
from services.intake.issues.record import Note, actor_of, jot, locked, raise_max_level
from services.intake.issues.record import move as move_issue
from services.intake.issues.record import snapshot_of as issue_snapshot
from shared.errors import Absent
from shared.events.intake import (
    Dossier,
    EscalationSent,
    EscalationSnapshot,
    EscalationState,
    EscalationType,
    IssueEscalated,
    IssueSnapshot,
    IssueState,
)
from shared.service import Work


def snapshot_of(escalation: Escalation) -> EscalationSnapshot:
    """What the others may know of it as it stands."""
    return EscalationSnapshot.model_validate(escalation, from_attributes=True)


def dossier_of(work: Work, escalation: Escalation, issue: Issue) -> Dossier:
    """What the level that is asked gets to read, and to open for some days."""
    dossier = Dossier.model_validate(escalation.dossier)
    links = links_for(work, dossier.evidence_ids, issue.privacy_class)
    return dossier.model_copy(update={"evidence_links": links})


async def locked_pair(work: Work, escalation_id: UUID) -> tuple[Escalation, Issue]:
    """The escalation and its issue, held until the transaction ends. Raises `Absent`."""
    issue_id = await work.session.scalar(select(Escalation.issue_id).where(Escalation.id == escalation_id))
    if issue_id is None:
        raise Absent("there is no such escalation")
    issue = await locked(work, issue_id)
    escalation = await work.session.get_one(Escalation, escalation_id, with_for_update=True)
    return escalation, issue


async def open_handovers(work: Work, issue_id: UUID) -> Sequence[Escalation]:
    """The hand-over that is under way, if any, and before it the one with which the street passed it on.

    The issue is locked already.
    """
    query = select(Escalation).where(
        Escalation.issue_id == issue_id,
        Escalation.type == EscalationType.handover,
        Escalation.state.in_(OPEN),
    )
    return (await work.session.scalars(query.order_by(Escalation.to_level.desc()).with_for_update())).all()


async def returns_so_far(work: Work, escalation: Escalation) -> int:
    """How often the level that is asked handed the issue back before."""
    query = select(func.max(Escalation.returns)).where(
        Escalation.issue_id == escalation.issue_id,
        Escalation.type == escalation.type,
        Escalation.to_level == escalation.to_level,
    )
    return await work.session.scalar(query) or 0


def move(work: Work, escalation: Escalation, name: str) -> EscalationSnapshot:
    """Take one step of the table. Raises `IllegalTransition`."""
    hold_to_table(escalation.state, name)
    escalation.state = move_of(name).target
    escalation.version += 1
    set_timer(work, escalation)
    return snapshot_of(escalation)


def draft(work: Work, issue: Issue, kind: EscalationType, to_level: int) -> Escalation:
    """A new asking of a level, in the words of nobody yet; it is asked for by whoever acts."""
    return Escalation(
        id=uuid7(),
        version=1,
        **about(issue_snapshot(issue)),
        type=kind,
        state=EscalationState.requested,
        to_level=to_level,
        target=target_of(issue, to_level),
        returns=0,
        criteria=[],
        fired=[],
        requested_by=actor_of(work)[0],
        requested_at=work.now,
    )


def target_of(issue: Issue, level: int) -> str:
    """The area of the level: grid, community, street, or the district that the street's code begins with."""
    areas = {1: issue.area_code[:15], 2: issue.community_code, 4: issue.street_code[:6]}
    return areas.get(level, issue.street_code)


def send(work: Work, escalation: Escalation, issue: Issue) -> None:
    """Put the asking on its way; a hand-over takes the issue along."""
    escalation.state = EscalationState.sent
    start_clocks(work, escalation)
    event = EscalationSent(
        escalation=snapshot_of(escalation),
        dossier=dossier_of(work, escalation, issue),
        household_code=escalation.household_code,
    )
    work.emit(event)
    if escalation.type in HANDS_OVER:
        issue.level = escalation.to_level
        note = Note(data=data_of(escalation))
        snapshot = move_issue(work, issue, "escalate", IssueState.escalated, note)
        work.emit(IssueEscalated(issue=snapshot, escalation_id=escalation.id))
    else:
        jot(work, issue, "escalate", Note(data=data_of(escalation)))


def count_level(escalation: Escalation, issue: Issue) -> None:
    """From now on it counts that the level took the issue; copies and requests for relief take nothing."""
    if EscalationType(escalation.type) in TAKES_PART:
        raise_max_level(issue, escalation.to_level)


def data_of(escalation: Escalation) -> dict[str, object]:
    """What the timeline of the issue says of it."""
    return {
        "escalation_id": str(escalation.id),
        "type": escalation.type,
        "to_level": escalation.to_level,
        "target": escalation.target,
        "criteria": list(escalation.criteria),
    }


def about(issue: IssueSnapshot) -> dict[str, object]:
    """What an escalation repeats of its issue, so that nobody has to ask for it."""
    return {
        **belonging(issue),
        "category": issue.category,
        "urgency": issue.urgency,
        "privacy_class": issue.privacy_class,
        "from_level": issue.level,
    }
