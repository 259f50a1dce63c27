"""What shows that work was done, and who can say whether it was."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.intake.evidence.models import Evidence
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from shared.errors import Refused
from shared.events.intake import IssueState
from shared.service import Work

_JUDGED = (IssueState.resolved, IssueState.verified, IssueState.closed)
_SENT_BACK = (IssueState.in_progress, IssueState.assigned)


class PhotoMissing(Refused):
    """Nobody can be asked about it, so that a photo must show it."""

    type, title = "photo-missing", "No photo of the work"


async def can_be_asked(work: Work, issue: Issue) -> bool:
    """Whether somebody reported it who has an account, or left a name or a phone."""
    return issue.reporter_subject is not None or await work.session.get(Reporter, issue.id) is not None


async def evidence_of_work(work: Work, issue: Issue) -> Sequence[tuple[UUID, str]]:
    """Ids and media types of what shows the work, the oldest first.

    What the reporter added shows the matter, not that it was done; nor does what was found not to suffice.
    """
    query = select(Evidence.id, Evidence.media_type).where(Evidence.issue_id == issue.id, Evidence.by_staff)
    sent_back = await _last_sent_back(work, issue)
    if sent_back is not None:
        # Ids of lines and of evidence count up with the time, so that they can be held against one another.
        query = query.where(Evidence.id > sent_back)
    return [(row.id, row.media_type) for row in await work.session.execute(query.order_by(Evidence.id))]


async def hold_to_photo(work: Work, issue: Issue) -> None:
    """Raise `PhotoMissing` where nobody can be asked, and no photo shows it either (domain.md §2.1)."""
    if not await can_be_asked(work, issue):
        shown = await evidence_of_work(work, issue)
        if not any(media_type.startswith("image/") for _, media_type in shown):
            raise PhotoMissing("it was reported anonymously: a photo has to show that it is done")


async def _last_sent_back(work: Work, issue: Issue) -> UUID | None:
    query = select(TimelineEntry.id).where(
        TimelineEntry.issue_id == issue.id,
        TimelineEntry.from_state.in_(_JUDGED),
        TimelineEntry.to_state.in_(_SENT_BACK),
    )
    return await work.session.scalar(query.order_by(TimelineEntry.id.desc()).limit(1))
