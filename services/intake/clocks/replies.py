"""大事有回应: the reporter hears in time how a matter stands that is not solved yet (domain.md §4)."""

from uuid import UUID

from services.intake.clocks.bodies import InterimReplyIn
from services.intake.clocks.timers import set_timer
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, taken
from shared.service import Work


async def reply_for_now(work: Work, issue_id: UUID, body: InterimReplyIn) -> Issue:
    """Write down what the reporter is told; the first such answer stops the clock that asks for it."""
    issue = await taken(work, issue_id, "interim-reply")
    issue.interim_at = issue.interim_at or work.now
    jot(work, issue, "interim-reply", Note(text=body.text))
    set_timer(work, issue)
    return issue
