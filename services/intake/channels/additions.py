"""Words that a reporter adds to their own matter, by account or by number and code."""

from uuid import UUID

from sqlalchemy import func, select

from services.intake.channels.rules import Channels
from services.intake.issues import tracking
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.record import Note, jot, locked
from services.intake.issues.rules import OPEN
from shared.errors import Absent, Refused
from shared.events.intake import IssueState
from shared.service import Work

ADD = "add"


class NothingToAdd(Refused):
    """The matter has come to its end, or enough has been added to it."""

    type, title = "nothing-to-add", "Nothing can be added to this report"


async def add_to_own(work: Work, issue_id: UUID, text: str) -> Issue:
    """Let who reported by account add words. Raises `Absent`, `Forbidden`, `NothingToAdd`."""
    issue = await locked(work, issue_id)
    work.permit_own(issue.reporter_subject)
    return await add_words(work, issue, Note(text=text))


async def add_by_code(work: Work, no: str, code: str, text: str) -> Issue:
    """Let whoever has the code add words. A wrong code and an unknown number are the same `Absent`.

    A code has 60 random bits, which nobody guesses over a network in the age of a community; so wrong
    codes are not counted, and no stranger can lock a reporter out by sending some.
    """
    issue = await work.session.scalar(select(Issue).where(Issue.no == no).with_for_update())
    if not tracking.matches(code, None if issue is None else issue.track_hash) or issue is None:
        raise Absent("no issue has this number and code")
    return await add_words(work, issue, Note(text=text))


async def add_words(work: Work, issue: Issue, note: Note) -> Issue:
    """Put words on the timeline of a locked issue that is still open; a merged one has them with its master.

    Raises `NothingToAdd` for a matter that has ended, and beyond the bound of the rules.
    """
    target, data = issue, dict(note.data)
    if issue.state == IssueState.merged and issue.parent_id is not None:
        target = await locked(work, issue.parent_id)
        data["merged"] = issue.no
    if target.state not in OPEN:
        raise NothingToAdd(f"the issue is {target.state}; report it anew, and say which one it follows")
    most = work.part(Channels).additions.most
    entries = select(func.count()).where(TimelineEntry.issue_id == target.id, TimelineEntry.command == ADD)
    if (await work.session.scalar(entries) or 0) >= most:
        raise NothingToAdd(f"words were added {most} times; please call the community")
    jot(work, target, ADD, Note(reason_code=note.reason_code, text=note.text, data=data))
    return issue
