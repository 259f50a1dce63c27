"""Letting one issue stand for several, and taking that back."""

from uuid import UUID

from sqlalchemy import select

from services.intake.families.relatives import follower_ids, lock_all
from services.intake.issues.bodies import MergeIn, NoteIn
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.parts import hold_to_parts
from services.intake.issues.record import Note, move, taken
from services.intake.issues.rules import OPEN
from shared.errors import Absent, Refused
from shared.events.intake import IssueMerged, IssueState, IssueUnmerged
from shared.service import Work


class UnfitMaster(Refused):
    """An issue can only be merged into another one that is being worked on."""

    type, title = "unfit-master", "Cannot be merged into that issue"


async def merge_issue(work: Work, issue_id: UUID, body: MergeIn) -> Issue:
    """Let another issue stand for this one too; what was merged into this one goes along.

    Raises `UnfitMaster`, and `PartsOpen` while somebody is at work on a part of it.
    """
    family = await lock_family(work, issue_id, body.master_id)
    issue = await taken(work, issue_id, "merge")
    master = family.get(body.master_id)
    if master is None:
        raise Absent("there is no such master")
    work.permit(master.area_code)
    if master is issue or master.state not in OPEN:
        state = "the issue itself" if master is issue else master.state
        raise UnfitMaster(f"the master is {state}; name another one that is open")
    if issue.against is not None and issue.against != master.against:
        raise UnfitMaster("a complaint goes into one about the same person, who is kept out of both")
    await hold_to_parts(work, issue)
    _follow(work, issue, master, body.note)
    for follower_id in await follower_ids(work, issue.id):
        # One that was merged between our first look and our lock is locked now.
        follower = family.get(follower_id) or (await lock_all(work, [follower_id]))[follower_id]
        _follow(work, follower, master, body.note)
    return issue


async def lock_family(work: Work, issue_id: UUID, master_id: UUID) -> dict[UUID, Issue]:
    """Hold all that a merging would change, as far as they exist."""
    return await lock_all(work, [issue_id, master_id, *await follower_ids(work, issue_id)])


async def unmerge_issue(work: Work, issue_id: UUID, body: NoteIn) -> Issue:
    """Let a merged issue go its own way again: where it stood before, under the clocks that ran on.

    What had been accepted seeks its handler anew.
    """
    issue = await taken(work, issue_id, "unmerge")
    master_id, issue.parent_id = issue.parent_id, None
    if master_id is None:
        raise RuntimeError(f"{issue.no} is merged, and into nothing")
    merged = await _first_merge(work, issue)
    before = IssueState(merged.from_state or IssueState.reported)
    if merged.data.get("inherits"):
        issue.against = None
    if before is IssueState.accepted:
        issue.assignment_round += 1
    snapshot = move(work, issue, "unmerge", before, Note(text=body.note))
    work.emit(IssueUnmerged(issue=snapshot, master_id=master_id))
    return issue


def _follow(work: Work, issue: Issue, master: Issue, text: str | None) -> None:
    inherits = issue.against is None and master.against is not None
    issue.parent_id, issue.against = master.id, master.against
    note = Note(text=text, data={"master": master.no, "inherits": inherits})
    snapshot = move(work, issue, "merge", IssueState.merged, note)
    work.emit(IssueMerged(issue=snapshot, master_id=master.id, master_no=master.no))


async def _first_merge(work: Work, issue: Issue) -> TimelineEntry:
    """The line with which it was merged out of a state of its own; masters may have changed since."""
    query = select(TimelineEntry).where(
        TimelineEntry.issue_id == issue.id,
        TimelineEntry.command == "merge",
        TimelineEntry.from_state != IssueState.merged,
    )
    return (await work.session.scalars(query.order_by(TimelineEntry.id.desc()).limit(1))).one()
