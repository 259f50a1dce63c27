"""Settling a dispute: the way to an agreement (domain.md §2.3)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from services.intake.clocks.timers import set_timer
from services.intake.issues.models import Issue, belonging
from services.intake.issues.record import Note, locked, permit
from services.intake.issues.reports import PHONE_INDEX
from services.intake.issues.rules import By, allowed
from services.intake.limits import Limits
from services.intake.mediation.bodies import ConsentIn, EndIn, FactsIn, OpenIn, PartyIn, ProlongIn, SessionIn
from services.intake.mediation.models import Mediation, Party
from services.intake.mediation.rules import DISPUTES, UNDER_WAY
from services.intake.mediation.steps import (
    jot_step,
    move_mediation,
    parties_of,
    snapshot_of,
    taken_mediation,
)
from services.intake.models import VAULT
from shared.errors import Absent, FieldError, IllegalTransition, Invalid, Refused
from shared.events.intake import (
    IssueState,
    MediationEnded,
    MediationOpened,
    MediationProgressed,
    MediationState,
)
from shared.service import Work


class NotADispute(Refused):
    """Only disputes are mediated."""

    type, title = "not-a-dispute", "The issue is no dispute"


class MediationUnderWay(Refused):
    """An issue has one mediation at a time."""

    type, title = "mediation-under-way", "A mediation is under way"


async def open_mediation(work: Work, issue_id: UUID, body: OpenIn) -> Mediation:
    """Ask the parties whether they want to be mediated, when they have been told their rights.

    Raises `NotADispute`, `MediationUnderWay`, `IllegalTransition`, `Invalid` where nobody is on one side.
    """
    issue = await locked(work, issue_id)
    permit(work, issue, By.HANDLER_OR_AREA)
    work.expect(issue.version)
    if issue.state != IssueState.in_progress:
        detail = f"a mediation begins when work has begun, and the issue is {issue.state}"
        raise IllegalTransition(detail, allowed=allowed(issue.state))
    if not (issue.category or "").startswith(DISPUTES):
        raise NotADispute(f"its category is {issue.category}")
    if {party.side for party in body.parties} != {"applicant", "respondent"}:
        message = "name somebody on either side"
        raise Invalid(f"parties: {message}", fields=[FieldError("parties", message)])
    mediation = await _new(work, issue, body)
    work.session.add_all([
        mediation,
        *(_party(work, mediation, party, no) for no, party in enumerate(body.parties, 1)),
    ])
    data: dict[str, object] = {"parties": len(body.parties), "mediator": mediation.mediator}
    jot_step(work, mediation, issue, "open", None, note=Note(text=body.note, data=data))
    issue.mediated_at = issue.mediated_at or work.now
    set_timer(work, issue)
    work.emit(MediationOpened(mediation=snapshot_of(mediation)))
    return mediation


async def _new(work: Work, issue: Issue, body: OpenIn) -> Mediation:
    earlier = select(Mediation.state).where(Mediation.issue_id == issue.id, Mediation.state.in_(UNDER_WAY))
    if await work.session.scalar(earlier.limit(1)) is not None:
        raise MediationUnderWay("see it to its end first")
    highest = select(func.max(Mediation.no)).where(Mediation.issue_id == issue.id)
    return Mediation(
        id=uuid7(),
        version=1,
        **belonging(issue),
        category=issue.category,
        privacy_class=issue.privacy_class,
        no=(await work.session.scalar(highest) or 0) + 1,
        state=MediationState.consent_asked,
        mediator=body.mediator or work.actor().subject,
        started_at=work.now,
        due_at=work.now + timedelta(days=work.part(Limits).mediation.days),
        sessions=0,
        timer_at=work.now,
        fired=[],
    )


def _party(work: Work, mediation: Mediation, body: PartyIn, no: int) -> Party:
    # The same index as for reporters: one search finds a person in either place.
    index = VAULT.keyring.blind_index(PHONE_INDEX, body.phone) if body.phone else None
    return Party(
        mediation_id=mediation.id,
        no=no,
        side=body.side,
        name=body.name,
        phone=body.phone,
        phone_index=index,
        rights_told_at=work.now,
    )


async def note_consent(work: Work, mediation_id: UUID, body: ConsentIn) -> Mediation:
    """Note a party's answer: when all say yes it begins, and one no ends it. Raises `Absent`."""
    mediation, issue = await taken_mediation(work, mediation_id, "consent")
    parties = {party.no: party for party in await parties_of(work, mediation.id)}
    if body.party not in parties:
        raise Absent(f"there is no party {body.party}")
    parties[body.party].agrees = body.agrees
    target = MediationState.consent_asked
    if not body.agrees:
        target, mediation.ended_at = MediationState.refused_by_party, work.now
    elif all(party.agrees for party in parties.values()):
        target = MediationState.both_agreed
    note = Note(text=body.note, data={"party": body.party, "agrees": body.agrees})
    snapshot = move_mediation(work, mediation, issue, "consent", target, note=note)
    ended = target is MediationState.refused_by_party
    work.emit(
        MediationEnded(mediation=snapshot, reason_code="refused_by_party")
        if ended
        else MediationProgressed(mediation=snapshot)
    )
    return mediation


async def note_facts(work: Work, mediation_id: UUID, body: FactsIn) -> Mediation:
    """Note what was found out; what was noted before is replaced."""
    mediation, issue = await taken_mediation(work, mediation_id, "find-facts")
    mediation.facts = body.facts
    snapshot = move_mediation(work, mediation, issue, "find-facts", MediationState.fact_finding, note=Note())
    work.emit(MediationProgressed(mediation=snapshot))
    return mediation


async def note_session(work: Work, mediation_id: UUID, body: SessionIn) -> Mediation:
    """Note that the parties met. Raises `Invalid` for a meeting that lies ahead, or before it all began."""
    mediation, issue = await taken_mediation(work, mediation_id, "hold-session")
    if not mediation.started_at <= body.held_at <= work.now:
        message = "must lie between the beginning of the mediation and now"
        raise Invalid(f"held_at {message}", fields=[FieldError("held_at", message)])
    mediation.sessions += 1
    note = Note(text=body.note, data={"session": mediation.sessions, "held_at": body.held_at.isoformat()})
    snapshot = move_mediation(work, mediation, issue, "hold-session", MediationState.session, note=note)
    work.emit(MediationProgressed(mediation=snapshot))
    return mediation


async def prolong_mediation(work: Work, mediation_id: UUID, body: ProlongIn) -> Mediation:
    """Take longer than a month, since all parties agree to it; once more a month at most."""
    mediation, issue = await taken_mediation(work, mediation_id, "prolong")
    latest = mediation.due_at + timedelta(days=work.part(Limits).mediation.days)
    if mediation.prolonged or not mediation.due_at < body.until <= latest:
        message = f"must lie after {mediation.due_at.isoformat()}, a month at most, and it is said once"
        raise Invalid(f"until {message}", fields=[FieldError("until", message)])
    mediation.due_at, mediation.prolonged = body.until, True
    state = MediationState(mediation.state)
    snapshot = move_mediation(work, mediation, issue, "prolong", state, note=Note(text=body.note))
    work.emit(MediationProgressed(mediation=snapshot))
    return mediation


async def fail_mediation(work: Work, mediation_id: UUID, body: EndIn) -> Mediation:
    """Note that no agreement comes of it, and that the parties know where they may turn now."""
    return await end(work, mediation_id, "fail", MediationState.failed, body)


async def end(work: Work, mediation_id: UUID, name: str, target: MediationState, body: EndIn) -> Mediation:
    """Bring it to an end that is none of its own choosing, for a reason."""
    mediation, issue = await taken_mediation(work, mediation_id, name)
    mediation.ended_at, mediation.reason_code = work.now, body.reason_code
    note = Note(reason_code=body.reason_code, text=body.note, data={"rights_told": True})
    snapshot = move_mediation(work, mediation, issue, name, target, note=note)
    work.emit(MediationEnded(mediation=snapshot, reason_code=body.reason_code))
    return mediation
