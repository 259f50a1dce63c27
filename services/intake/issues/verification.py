"""Whether it is really done: verify, rework, call back, reopen. Nobody judges their own work."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.intake.catalogue import COMMUNITY_LEVEL, OTHER, Catalogue
from services.intake.issues.bodies import CallBackIn, NoteIn, ReasonIn, VerifyIn
from services.intake.issues.checks import known_category
from services.intake.issues.models import CallBack, Issue, Reporter
from services.intake.issues.record import Note, jot, move, raise_max_level, taken
from services.intake.limits import Limits
from services.intake.settings import IntakeSettings
from shared.clock import local_date
from shared.errors import FieldError, Forbidden, Invalid, Refused
from shared.events.intake import IssueClosed, IssueReopened, IssueReworked, IssueState, IssueVerified
from shared.service import Work

NOT_SOLVED = "not_solved"


class FourEyes(Forbidden):
    """Who did the work does not judge it."""

    type, title = "four-eyes", "A second person has to do this"


class ReopenTooLate(Refused):
    """The time for reopening is over."""

    type, title = "reopen-too-late", "The issue can no longer be reopened"


async def verify_issue(work: Work, issue_id: UUID, body: VerifyIn) -> Issue:
    """Find it done. Raises `FourEyes`, and `Invalid` for a matter that nobody has sorted yet."""
    issue = await taken(work, issue_id, "verify")
    _second_person(work, issue)
    category = known_category(work.part(Catalogue), body.category or issue.category)
    if category is None or category.code == OTHER:
        message = f"a matter of category {OTHER} gets its right category before it is closed"
        raise Invalid(message, fields=[FieldError("category", message)])
    issue.category, issue.privacy_class = category.code, category.privacy_class
    issue.verified_at = work.now
    snapshot = move(work, issue, "verify", IssueState.verified, Note(text=body.note))
    work.emit(IssueVerified(issue=snapshot))
    return issue


async def rework_issue(work: Work, issue_id: UUID, body: ReasonIn) -> Issue:
    """Find it not done; the work goes on under the same clock."""
    issue = await taken(work, issue_id, "rework")
    _second_person(work, issue)
    issue.resolved_at = issue.resolved_by = issue.outcome_code = None
    note = Note(reason_code=body.reason_code, text=body.note)
    snapshot = move(work, issue, "rework", IssueState.in_progress, note)
    work.emit(IssueReworked(issue=snapshot, reason_code=body.reason_code))
    return issue


async def call_back(work: Work, issue_id: UUID, body: CallBackIn) -> Issue:
    """Ask the reporter: solved closes, not solved reopens, and unreached often enough closes too."""
    issue = await taken(work, issue_id, "call-back")
    _second_person(work, issue)
    if body.reached and body.solved is None:
        message = "say whether it is solved: the reporter was reached"
        raise Invalid(message, fields=[FieldError("solved", message)])
    solved = body.solved if body.reached else None
    rating = body.rating if body.reached else None
    enough = body.reached or await _tried_enough(work, issue)
    _note_try(work, issue, reached=body.reached, solved=solved, rating=rating)
    if solved is False:
        _reopen(work, issue, "call-back", Note(reason_code=NOT_SOLVED, text=body.note))
    elif enough:
        _close(work, issue, body)
    else:
        jot(work, issue, "call-back", Note(reason_code="not_reached", text=body.note))
    return issue


async def reopen_issue(work: Work, issue_id: UUID, body: NoteIn) -> Issue:
    """Let the reporter bring a closed issue back. Raises `ReopenTooLate`: then a new one may follow it."""
    issue = await taken(work, issue_id, "reopen")
    days = work.part(Limits).reopen.days
    if issue.closed_at is None or work.now - issue.closed_at > timedelta(days=days):
        raise ReopenTooLate(f"{days} days have passed; report anew with 'follows': '{issue.no}'")
    _reopen(work, issue, "reopen", Note(reason_code=NOT_SOLVED, text=body.note))
    return issue


def _second_person(work: Work, issue: Issue) -> None:
    if work.actor().subject in {issue.handler_person, issue.resolved_by}:
        raise FourEyes("you did the work; a second person has to look at it")


def _close(work: Work, issue: Issue, body: CallBackIn) -> None:
    issue.reached, issue.solved = body.reached, body.solved if body.reached else None
    issue.rating = body.rating if body.reached else None
    issue.closed_at = work.now
    snapshot = move(work, issue, "call-back", IssueState.closed, Note(text=body.note))
    closed = IssueClosed(
        issue=snapshot,
        reached=body.reached,
        solved=issue.solved,
        rating=issue.rating,
        closed_at=work.now,
    )
    work.emit(closed)


def _reopen(work: Work, issue: Issue, command: str, note: Note) -> None:
    issue.reopen_count += 1
    issue.closed_at = issue.verified_at = issue.resolved_at = issue.resolved_by = issue.outcome_code = None
    if issue.reopen_count >= work.part(Limits).reopen.secretary_from:
        # From now on the secretary looks at it: it is a matter of the community, whoever works on it.
        issue.level = max(issue.level, COMMUNITY_LEVEL)
        raise_max_level(issue, issue.level)
    snapshot = move(work, issue, command, IssueState.assigned, note)
    work.emit(IssueReopened(issue=snapshot, reason_code=note.reason_code or NOT_SOLVED))


def _note_try(work: Work, issue: Issue, *, reached: bool, solved: bool | None, rating: int | None) -> None:
    entry = CallBack(
        id=uuid7(),
        issue_id=issue.id,
        round=issue.reopen_count,
        at=work.now,
        actor=work.actor().subject,
        reached=reached,
        solved=solved,
        rating=rating,
    )
    work.session.add(entry)


async def _tried_enough(work: Work, issue: Issue) -> bool:
    """Whether this unreached try is the last one asked for; who left no contact is not tried at all."""
    if issue.reporter_subject is None and await work.session.get(Reporter, issue.id) is None:
        return True
    query = select(CallBack.at).where(
        CallBack.issue_id == issue.id, CallBack.round == issue.reopen_count, CallBack.reached.is_(False)
    )
    tries = [*await work.session.scalars(query), work.now]
    zone, limits = work.part(IntakeSettings).zone, work.part(Limits).call_back
    return len(tries) >= limits.tries and len({local_date(at, zone) for at in tries}) >= limits.days
