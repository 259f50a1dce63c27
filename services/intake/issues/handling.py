"""The work on an issue: start, suspend, resume, ask for help, resolve, withdraw."""

from datetime import timedelta
from uuid import UUID

from services.intake.catalogue import Catalogue
from services.intake.clocks.timers import run_on
from services.intake.escalations.record import move as move_escalation
from services.intake.escalations.record import open_handovers
from services.intake.families.ending import end_parts
from services.intake.families.relatives import has_followers
from services.intake.issues.assignment import ask_for_help
from services.intake.issues.bodies import Channel, HelpIn, NoteIn, ResolveIn, SuspendIn
from services.intake.issues.models import Issue
from services.intake.issues.parts import hold_to_parts
from services.intake.issues.proof import evidence_of_work
from services.intake.issues.record import Note, move, taken
from services.intake.issues.verification import hold_to_reporter
from services.intake.limits import Limits
from shared.errors import FieldError, Invalid, Refused
from shared.events.intake import (
    EscalationRecalled,
    IssueKeptOpen,
    IssueResolved,
    IssueResponded,
    IssueResumed,
    IssueState,
    IssueSuspended,
    IssueWithdrawn,
)
from shared.service import Work


class SuspensionsExhausted(Refused):
    """The issue has waited as often as it may."""

    type, title = "suspensions-exhausted", "The issue cannot wait again"


class EvidenceMissing(Refused):
    """Nothing shows that the work was done."""

    type, title = "evidence-missing", "No evidence of the work"


async def start_issue(work: Work, issue_id: UUID, body: NoteIn) -> Issue:
    """Note the first contact with the reporter: work begins."""
    issue = await taken(work, issue_id, "start")
    issue.responded_at = issue.responded_at or work.now
    snapshot = move(work, issue, "start", IssueState.in_progress, Note(text=body.note))
    work.emit(IssueResponded(issue=snapshot))
    return issue


async def suspend_issue(work: Work, issue_id: UUID, body: SuspendIn) -> Issue:
    """Let the clock stand still for a named reason. Raises `SuspensionsExhausted`, `Invalid` for the date."""
    issue = await taken(work, issue_id, "suspend")
    limits = work.part(Limits).suspend
    if issue.suspend_count >= limits.times:
        raise SuspensionsExhausted(f"it has waited {limits.times} times")
    if not work.now < body.until <= work.now + timedelta(days=limits.days):
        message = f"must lie in the future, and {limits.days} days ahead at most"
        raise Invalid(f"until {message}", fields=[FieldError("until", message)])
    issue.suspend_count += 1
    issue.suspended_at, issue.suspended_until = work.now, body.until
    note = Note(reason_code=body.reason_code, text=body.note, data={"until": body.until.isoformat()})
    snapshot = move(work, issue, "suspend", IssueState.suspended, note)
    work.emit(IssueSuspended(issue=snapshot, reason_code=body.reason_code, until=body.until))
    return issue


async def resume_issue(work: Work, issue_id: UUID, body: NoteIn) -> Issue:
    """Let the clock run again; what is due moves by the time that was waited."""
    issue = await taken(work, issue_id, "resume")
    let_work_go_on(work, issue, Note(text=body.note))
    return issue


def let_work_go_on(work: Work, issue: Issue, note: Note) -> None:
    """End the wait of a suspended issue: at a person's word, or at the moment that was set for it."""
    run_on(work, issue)
    work.emit(IssueResumed(issue=move(work, issue, "resume", IssueState.in_progress, note)))


async def request_help(work: Work, issue_id: UUID, body: HelpIn) -> Issue:
    """Ask partner units for something; each asking is a need of its own."""
    issue = await taken(work, issue_id, "request-help")
    ask_for_help(work, issue, body.model_dump(mode="json"))
    return issue


async def resolve_issue(work: Work, issue_id: UUID, body: ResolveIn) -> Issue:
    """Say that it is done, and show it. A hand-over that is under way, or only asked for, is taken back.

    Raises `EvidenceMissing` without evidence of staff, `Invalid` for evidence of another issue, `PartsOpen`.
    """
    issue = await taken(work, issue_id, "resolve")
    await hold_to_parts(work, issue)
    evidence = await _evidence_of_work(work, issue, body.evidence)
    await _take_back_handover(work, issue)
    issue.outcome_code, issue.resolved_at, issue.resolved_by = (
        body.outcome_code,
        work.now,
        work.actor().subject,
    )
    note = Note(reason_code=body.outcome_code, text=body.note, evidence=evidence)
    snapshot = move(work, issue, "resolve", IssueState.resolved, note)
    work.emit(IssueResolved(issue=snapshot, evidence_count=len(evidence)))
    return issue


async def _evidence_of_work(work: Work, issue: Issue, named: tuple[UUID, ...]) -> list[UUID]:
    known = [identity for identity, _ in await evidence_of_work(work, issue)]
    strange = [one for one in named if one not in known]
    if strange:
        message = f"{strange[0]} is no evidence that staff added to this issue, since it was last sent back"
        raise Invalid(message, fields=[FieldError("evidence", message)])
    if not known:
        raise EvidenceMissing(f"add a photo or document first: POST /intake/v1/issues/{issue.id}/evidence")
    return list(named) or known


async def _take_back_handover(work: Work, issue: Issue) -> None:
    for handover in await open_handovers(work, issue.id):
        issue.level = handover.from_level
        snapshot = move_escalation(work, handover, "recall")
        handover.ended_at, handover.decided_by = work.now, work.actor().subject
        work.emit(EscalationRecalled(escalation=snapshot))


async def withdraw_issue(work: Work, issue_id: UUID, body: NoteIn) -> Issue:
    """Let the reporter take the matter back. Raises `FourEyes` where its handler would speak for them.

    A danger stays open, as if a patrol had found it; so does what others reported too, for them.
    """
    issue = await taken(work, issue_id, "withdraw")
    await hold_to_reporter(work, issue)
    category = work.part(Catalogue).find(issue.category)
    is_danger = category is not None and category.is_safety
    if is_danger or await has_followers(work, issue.id):
        issue.reporter_subject = None
        issue.channel = Channel.grid_patrol if is_danger else issue.channel
        work.emit(IssueKeptOpen(issue=move(work, issue, "withdraw", issue.state, Note(text=body.note))))
        return issue
    await _take_back_handover(work, issue)
    await end_parts(work, issue)
    snapshot = move(work, issue, "withdraw", IssueState.withdrawn, Note(text=body.note))
    work.emit(IssueWithdrawn(issue=snapshot))
    return issue
