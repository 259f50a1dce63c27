"""Whether it is really done: verify, rework, reopen. Nobody judges their own work."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select

from services.intake.catalogue import COMMUNITY_LEVEL, OTHER, Catalogue
from services.intake.clocks.timers import start_clocks
from services.intake.issues.bodies import NoteIn, ReasonIn, VerifyIn
from services.intake.issues.checks import known_category
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.parts import hold_to_parts
from services.intake.issues.proof import can_be_asked, hold_to_photo
from services.intake.issues.record import Note, jot, lock_with_master, move, raise_max_level, taken
from services.intake.issues.rules import OFFICE
from services.intake.limits import Limits
from shared.auth import Role
from shared.errors import FieldError, Forbidden, Invalid, Refused
from shared.events.intake import IssueReopened, IssueReworked, IssueState, IssueVerified, Urgency
from shared.service import Work

NOT_SOLVED = "not_solved"
# Who did any of this worked on it, whoever handles it now; so did who took it over, or gave it on.
_WORK = ("start", "resolve", "task-start", "task-finish")
_TAKEN_OVER = ("from_person", "to_person")


class FourEyes(Forbidden):
    """Who did the work does not judge it."""

    type, title = "four-eyes", "A second person has to do this"


class ReopenTooLate(Refused):
    """The time for reopening is over."""

    type, title = "reopen-too-late", "The issue can no longer be reopened"


async def verify_issue(work: Work, issue_id: UUID, body: VerifyIn) -> Issue:
    """Find it done.

    Raises `FourEyes`, `PartsOpen`, `PhotoMissing`, `Forbidden` for what is the secretary's to look at, and
    `Invalid` for a matter that nobody has sorted yet.
    """
    issue = await taken(work, issue_id, "verify")
    await hold_to_four_eyes(work, issue)
    await _hold_to_secretary(work, issue)
    await hold_to_parts(work, issue)
    await hold_to_photo(work, issue)
    category = known_category(work.part(Catalogue), body.category or issue.category)
    if category is None or category.code == OTHER:
        message = f"a matter of category {OTHER} gets its right category before it is closed"
        raise Invalid(message, fields=[FieldError("category", message)])
    issue.category, issue.privacy_class = category.code, category.privacy_class
    issue.verified_at = work.now
    snapshot = move(work, issue, "verify", IssueState.verified, Note(text=body.note))
    work.emit(IssueVerified(issue=snapshot))
    return issue


async def _hold_to_secretary(work: Work, issue: Issue) -> None:
    """What came back again and again is the secretary's to look at; where one worked on it, the office's."""
    caller = work.actor()
    if issue.reopen_count < work.part(Limits).reopen.secretary_from or caller.has(Role.COMMUNITY_SECRETARY):
        return
    query = select(TimelineEntry.id).where(
        TimelineEntry.issue_id == issue.id,
        TimelineEntry.command.in_(_WORK),
        TimelineEntry.role.contains(Role.COMMUNITY_SECRETARY.value),
    )
    if not caller.has(*OFFICE) or await work.session.scalar(query.limit(1)) is None:
        raise Forbidden(f"it came back {issue.reopen_count} times: the community secretary looks at it")


async def rework_issue(work: Work, issue_id: UUID, body: ReasonIn) -> Issue:
    """Find it not done; the work goes on under the same clock."""
    issue = await taken(work, issue_id, "rework")
    await hold_to_four_eyes(work, issue)
    issue.resolved_at = issue.resolved_by = issue.outcome_code = None
    note = Note(reason_code=body.reason_code, text=body.note)
    snapshot = move(work, issue, "rework", IssueState.in_progress, note)
    work.emit(IssueReworked(issue=snapshot, reason_code=body.reason_code))
    return issue


async def reopen_issue(work: Work, issue_id: UUID, body: NoteIn) -> Issue:
    """Let a reporter bring a closed issue back; who reported a merged one brings back its master.

    Raises `ReopenTooLate`: then a new one may follow it.
    """
    master = await lock_with_master(work, issue_id)
    issue = await taken(work, issue_id, "reopen")
    await hold_to_reporter(work, issue)
    days = work.part(Limits).reopen.days
    if master.closed_at is None:
        raise ReopenTooLate(f"{master.no} is {master.state}: there is nothing to bring back")
    if work.now - master.closed_at > timedelta(days=days):
        raise ReopenTooLate(f"{days} days have passed; report anew with 'follows': '{master.no}'")
    note = Note(reason_code=NOT_SOLVED, text=body.note)
    if issue is not master:
        jot(work, issue, "reopen", note)
        note = Note(reason_code=NOT_SOLVED, data={"follower": issue.no})
    reopen(work, master, "reopen", note)
    return issue


def reopen(work: Work, issue: Issue, command: str, note: Note) -> None:
    """Give it back to who had it, one level up, under clocks that begin anew."""
    issue.reopen_count += 1
    issue.closed_at = issue.verified_at = issue.resolved_at = issue.resolved_by = issue.outcome_code = None
    issue.reached = issue.solved = issue.rating = None
    # From the second time on it is a matter of the community, and the secretary looks at the result.
    second = issue.reopen_count >= work.part(Limits).reopen.secretary_from
    above = COMMUNITY_LEVEL if second else min(issue.level + 1, COMMUNITY_LEVEL)
    issue.level = max(issue.level, above)
    raise_max_level(issue, issue.level)
    issue.handler_unit = unit_of_level(issue) if issue.handler_person else issue.handler_unit
    category = work.part(Catalogue).find(issue.category)
    if category is not None:
        start_clocks(work, issue, category, Urgency(issue.urgency or category.urgency))
    snapshot = move(work, issue, command, IssueState.assigned, note)
    work.emit(IssueReopened(issue=snapshot, reason_code=note.reason_code or NOT_SOLVED))


def unit_of_level(issue: Issue) -> str:
    """The micro-grid, grid or community whose matter it is at its level."""
    lengths = {0: 18, 1: 15}
    return issue.area_code[: lengths.get(issue.level, len(issue.community_code))]


async def hold_to_reporter(work: Work, issue: Issue) -> None:
    """Let the office speak for who reported without an account, but for nobody at all, and not the handler.

    Raises `Forbidden`, `FourEyes`.
    """
    if issue.reporter_subject is not None:
        return
    if not await can_be_asked(work, issue):
        raise Forbidden("nobody is known who reported it: the matter is seen to its end")
    await hold_to_four_eyes(work, issue)


async def hold_to_four_eyes(work: Work, issue: Issue) -> None:
    """Raise `FourEyes` for whoever worked on it in any round, or is complained about in it."""
    caller = work.actor().subject
    concerned = {issue.handler_person, issue.resolved_by, issue.against, *issue.task_people}
    line = TimelineEntry
    names = or_(*(line.data[key].as_string() == caller for key in _TAKEN_OVER))
    worked = or_(and_(line.command.in_(_WORK), line.actor == caller), and_(line.command == "transfer", names))
    query = select(line.id).where(line.issue_id == issue.id, worked)
    if caller in concerned or await work.session.scalar(query.limit(1)) is not None:
        raise FourEyes("you did the work, or it is about you; a second person has to look at it")
