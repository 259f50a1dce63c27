"""Calling back everybody who reported a matter: it is closed when each was asked, or tried often enough."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.intake.families.relatives import followers_of
from services.intake.issues.bodies import CallBackIn
from services.intake.issues.models import CallBack, Issue, Reporter
from services.intake.issues.record import Note, jot, lock_with_master, move, taken
from services.intake.issues.verification import NOT_SOLVED, hold_to_four_eyes, reopen
from services.intake.limits import CallBackLimits, Limits
from services.intake.settings import IntakeSettings
from shared.clock import local_date
from shared.errors import FieldError, IllegalTransition, Invalid
from shared.events.intake import IssueClosed, IssueState
from shared.service import Work


async def call_back(work: Work, issue_id: UUID, body: CallBackIn) -> Issue:
    """Ask who reported: not solved reopens the matter; it closes when nobody is left to be asked.

    A merged issue has a reporter of its own, who is asked as soon as its master is verified.
    """
    issue, master = await _taken_with_master(work, issue_id)
    await hold_to_four_eyes(work, master)
    if body.reached and body.solved is None:
        message = "say whether it is solved: the reporter was reached"
        raise Invalid(message, fields=[FieldError("solved", message)])
    tried = _note_try(work, issue, master, body)
    note = Note(reason_code=_outcome(tried), text=body.note, data=_who(issue, master))
    if issue is not master:
        jot(work, issue, "call-back", note)
        note = Note(reason_code=note.reason_code, data=note.data)
    if tried.solved is False:
        reopen(work, master, "call-back", note)
        return issue
    tries = [*await _tries(work, master), tried]
    if await _everybody_was_asked(work, master, tries):
        _close(work, master, tries, note)
    elif issue is master:
        jot(work, issue, "call-back", note)
    return issue


async def _taken_with_master(work: Work, issue_id: UUID) -> tuple[Issue, Issue]:
    """The issue and the one that stands for it: itself, or its master. Raises as `taken` does."""
    master = await lock_with_master(work, issue_id)
    issue = await taken(work, issue_id, "call-back")
    if master.state != IssueState.verified:
        detail = f"call-back waits until its master is verified; it is {master.state}"
        raise IllegalTransition(detail, allowed=("unmerge",))
    return issue, master


def _note_try(work: Work, issue: Issue, master: Issue, body: CallBackIn) -> CallBack:
    tried = CallBack(
        id=uuid7(),
        issue_id=issue.id,
        round=master.reopen_count,
        at=work.now,
        actor=work.actor().subject,
        reached=body.reached,
        solved=body.solved if body.reached else None,
        rating=body.rating if body.reached else None,
    )
    work.session.add(tried)
    return tried


def _outcome(tried: CallBack) -> str:
    if not tried.reached:
        return "not_reached"
    return "solved" if tried.solved else NOT_SOLVED


def _who(issue: Issue, master: Issue) -> dict[str, object]:
    return {} if issue is master else {"follower": issue.no}


async def _tries(work: Work, master: Issue) -> Sequence[CallBack]:
    family = select(Issue.id).where((Issue.id == master.id) | (Issue.parent_id == master.id))
    query = select(CallBack).where(CallBack.issue_id.in_(family), CallBack.round == master.reopen_count)
    return (await work.session.scalars(query.order_by(CallBack.id))).all()


async def _everybody_was_asked(work: Work, master: Issue, tries: Sequence[CallBack]) -> bool:
    family = [master, *await followers_of(work, master.id)]
    left = select(Reporter.issue_id).where(Reporter.issue_id.in_([one.id for one in family]))
    traced = set(await work.session.scalars(left))
    zone, limits = work.part(IntakeSettings).zone, work.part(Limits).call_back
    for one in family:
        mine = [tried for tried in tries if tried.issue_id == one.id]
        can_be_asked = one.id in traced or one.reporter_subject not in {None, master.handler_person}
        if can_be_asked and not _enough(mine, [local_date(tried.at, zone) for tried in mine], limits):
            return False
    return True


def _enough(tries: Sequence[CallBack], days: Sequence[object], limits: CallBackLimits) -> bool:
    reached = any(tried.reached for tried in tries)
    return reached or (len(tries) >= limits.tries and len(set(days)) >= limits.days)


def _close(work: Work, master: Issue, tries: Sequence[CallBack], note: Note) -> None:
    """Close it with the answer of its own reporter, or of the first follower who could be reached."""
    reached = [tried for tried in tries if tried.reached]
    own = [tried for tried in reached if tried.issue_id == master.id]
    master.reached = bool(reached)
    for answer in own[-1:] or reached[:1]:
        master.solved, master.rating = answer.solved, answer.rating
    master.closed_at = work.now
    snapshot = move(work, master, "call-back", IssueState.closed, note)
    closed = IssueClosed(
        issue=snapshot,
        reached=master.reached,
        solved=master.solved,
        rating=master.rating,
        closed_at=work.now,
    )
    work.emit(closed)
