"""Words that a reporter adds to their own matter, by account or by number and code."""

from uuid import UUID

from sqlalchemy import func, select

from services.intake.channels.rules import Channels
from services.intake.issues import tracking
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.record import Note, jot, lock_with_master, locked
from services.intake.issues.rules import OPEN
from shared.errors import Absent, Refused
from shared.service import Work

ADD = "add"


class NothingToAdd(Refused):
    """The matter has come to its end, or enough has been added to it."""

    type, title = "nothing-to-add", "Nothing can be added to this report"


async def add_to_own(work: Work, issue_id: UUID, text: str) -> Issue:
    """Let who reported by account add words. Raises `Absent`, `Forbidden`, `NothingToAdd`."""
    issue, target = await _held(work, issue_id)
    work.permit_own(issue.reporter_subject)
    await _add(work, issue, target, Note(text=text))
    return issue


async def add_by_code(work: Work, no: str, code: str, text: str) -> Issue:
    """Let whoever has the code add words. A wrong code and an unknown number are the same `Absent`.

    A code has 60 random bits, which nobody guesses over a network in the age of a community; so wrong
    codes are not counted, and no stranger can lock a reporter out by sending some.
    """
    found = (await work.session.execute(select(Issue.id, Issue.track_hash).where(Issue.no == no))).first()
    if not tracking.matches(code, None if found is None else found.track_hash) or found is None:
        raise Absent("no issue has this number and code")
    return await add_words(work, found.id, Note(text=text))


async def add_words(work: Work, issue_id: UUID, note: Note) -> Issue:
    """Put words on the timeline of an issue that is still open; a merged one has them with its master.

    Raises `Absent`, `NothingToAdd` for a matter that has ended, and beyond the bound of the rules.
    """
    issue, target = await _held(work, issue_id)
    await _add(work, issue, target, note)
    return issue


async def _held(work: Work, issue_id: UUID) -> tuple[Issue, Issue]:
    """The issue and what stands for it, locked in the order in which all lock them."""
    target = await lock_with_master(work, issue_id)
    return await locked(work, issue_id), target


async def _add(work: Work, issue: Issue, target: Issue, note: Note) -> None:
    if target.state not in OPEN:
        raise NothingToAdd(f"the issue is {target.state}; report it anew, and say which one it follows")
    most = work.part(Channels).additions.most
    entries = select(func.count()).where(TimelineEntry.issue_id == target.id, TimelineEntry.command == ADD)
    if (await work.session.scalar(entries) or 0) >= most:
        raise NothingToAdd(f"words were added {most} times; please call the community")
    data = note.data if issue is target else {**note.data, "merged": issue.no}
    jot(work, target, ADD, Note(reason_code=note.reason_code, text=note.text, data=data))
