"""Issues that belong together: a master, and the merged ones that follow it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import exists, select

from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.record import read_issue
from services.intake.issues.views import works_on
from shared.service import Work


async def lock_all(work: Work, ids: Iterable[UUID]) -> dict[UUID, Issue]:
    """Those of the issues that exist, held until the transaction ends.

    They are locked in the order of their ids, so that two families cannot wait for one another.
    """
    query = select(Issue).where(Issue.id.in_(set(ids))).order_by(Issue.id).with_for_update()
    found = await work.session.scalars(query.execution_options(populate_existing=True))
    return {issue.id: issue for issue in found}


async def follower_ids(work: Work, master_id: UUID) -> list[UUID]:
    """The issues that were merged into this one."""
    return list(await work.session.scalars(select(Issue.id).where(Issue.parent_id == master_id)))


async def followers_of(work: Work, master_id: UUID) -> Sequence[Issue]:
    """The same, whole, the oldest first."""
    query = select(Issue).where(Issue.parent_id == master_id).order_by(Issue.id)
    return (await work.session.scalars(query)).all()


async def has_followers(work: Work, issue_id: UUID) -> bool:
    """Whether somebody else reported the same matter."""
    return bool(await work.session.scalar(select(exists().where(Issue.parent_id == issue_id))))


async def family_of(work: Work, issue_id: UUID) -> tuple[Issue | None, Sequence[Issue]]:
    """The master of an issue, if it was merged, and its followers, which are for those who work on it.

    Raises `Absent`, `Forbidden`.
    """
    issue = await read_issue(work, issue_id)
    master = None if issue.parent_id is None else await work.session.get_one(Issue, issue.parent_id)
    return master, await followers_of(work, issue.id) if works_on(issue, work.actor()) else ()


async def news_of_master(work: Work, issue: Issue) -> Sequence[TimelineEntry]:
    """The steps of the master since the issue was merged into it: what its reporter follows."""
    if issue.parent_id is None:
        return ()
    merged = select(TimelineEntry.id).where(
        TimelineEntry.issue_id == issue.id, TimelineEntry.command == "merge"
    )
    since = await work.session.scalar(merged.order_by(TimelineEntry.id.desc()).limit(1))
    steps = select(TimelineEntry).where(
        TimelineEntry.issue_id == issue.parent_id,
        TimelineEntry.from_state != TimelineEntry.to_state,
        # Ids of lines count up with the time.
        TimelineEntry.id > (since or issue.id),
    )
    return (await work.session.scalars(steps.order_by(TimelineEntry.version, TimelineEntry.id))).all()
