"""How a mediation is changed: found with its issue, held to its table, written down on the timeline."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, permit
from services.intake.issues.rules import OPEN, By
from services.intake.mediation.models import FollowUp, Instalment, Mediation, Party
from services.intake.mediation.rules import CAME_TO_NOTHING, MOVES, RIGHTS, UNDER_WAY, allowed
from shared.errors import Absent, IllegalTransition
from shared.events.intake import MediationEnded, MediationSnapshot, MediationState
from shared.service import Work

# What may still be noted when the issue itself is closed: whether the peace holds.
LATER = frozenset({"follow-up", "confirm"})


def snapshot_of(mediation: Mediation) -> MediationSnapshot:
    """What the others may know of it as it stands."""
    return MediationSnapshot.model_validate(mediation, from_attributes=True)


async def locked_with_issue(work: Work, mediation_id: UUID) -> tuple[Mediation, Issue]:
    """The mediation and its issue, held until the transaction ends. Raises `Absent`."""
    query = select(Mediation.issue_id).where(Mediation.id == mediation_id)
    issue_id = await work.session.scalar(query)
    if issue_id is None:
        raise Absent("there is no such mediation")
    issue = await locked(work, issue_id)
    return await work.session.get_one(Mediation, mediation_id, with_for_update=True), issue


async def taken_mediation(work: Work, mediation_id: UUID, name: str) -> tuple[Mediation, Issue]:
    """The mediation and its issue, locked, for a command of its handler or of staff of the area.

    Raises `Absent`, `Forbidden`, `Stale`, `IllegalTransition`.
    """
    mediation, issue = await locked_with_issue(work, mediation_id)
    permit(work, issue, By.HANDLER_OR_AREA)
    work.expect(mediation.version)
    if issue.state not in OPEN and name not in LATER:
        raise IllegalTransition(f"{issue.no} is {issue.state}", allowed=())
    if mediation.state not in MOVES[name].sources:
        detail = f"{name} is not possible while the mediation is {mediation.state}"
        raise IllegalTransition(detail, allowed=allowed(mediation.state))
    return mediation, issue


def move_mediation(
    work: Work, mediation: Mediation, issue: Issue, name: str, target: MediationState, *, note: Note
) -> MediationSnapshot:
    """Take one step, and note it on the issue's timeline."""
    if target not in MOVES[name].targets:
        raise RuntimeError(f"{name} does not lead to {target}")
    before, mediation.state = mediation.state, target
    mediation.version += 1
    mediation.timer_at = work.now
    jot_step(work, mediation, issue, name, before, note=note)
    if target in CAME_TO_NOTHING:
        # Whoever reported the dispute reads of the court where they follow it, whatever else they were told.
        jot(work, issue, "tell-rights", Note(text=" ".join(RIGHTS.values())))
    return snapshot_of(mediation)


def jot_step(
    work: Work, mediation: Mediation, issue: Issue, name: str, before: str | None, *, note: Note
) -> None:
    """Write the step down; its numbers stand beside it, the words in the note."""
    data: dict[str, object] = {**note.data, "mediation": mediation.no, "from": before, "to": mediation.state}
    told = Note(reason_code=note.reason_code, text=note.text, evidence=note.evidence, data=data)
    jot(work, issue, f"mediation-{name}", told)


async def parties_of(work: Work, mediation_id: UUID) -> Sequence[Party]:
    """The parties, in their order."""
    query = select(Party).where(Party.mediation_id == mediation_id).order_by(Party.no)
    return (await work.session.scalars(query)).all()


async def instalments_of(work: Work, mediation_id: UUID) -> Sequence[Instalment]:
    """The duties of the agreement, in their order."""
    query = select(Instalment).where(Instalment.mediation_id == mediation_id).order_by(Instalment.no)
    return (await work.session.scalars(query)).all()


async def follow_ups_of(work: Work, mediation_id: UUID) -> Sequence[FollowUp]:
    """The looks that are planned or done, in their order."""
    query = select(FollowUp).where(FollowUp.mediation_id == mediation_id).order_by(FollowUp.no)
    return (await work.session.scalars(query)).all()


async def end_mediations(work: Work, issue: Issue, reason_code: str) -> None:
    """Note that the mediation of an issue that was taken back came to nothing. The issue is locked."""
    query = select(Mediation).where(Mediation.issue_id == issue.id, Mediation.state.in_(UNDER_WAY))
    for mediation in await work.session.scalars(query.with_for_update()):
        before, mediation.state = mediation.state, MediationState.failed
        mediation.version += 1
        mediation.ended_at, mediation.reason_code, mediation.timer_at = work.now, reason_code, None
        jot_step(work, mediation, issue, "fail", before, note=Note(reason_code=reason_code))
        work.emit(MediationEnded(mediation=snapshot_of(mediation), reason_code=reason_code))
