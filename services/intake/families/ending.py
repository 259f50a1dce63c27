"""What ends with an issue that its reporter took back: its tasks, and the mediation of its dispute."""

from services.intake.issues.models import Issue
from services.intake.mediation.steps import end_mediations
from services.intake.tasks.steps import cancel_tasks
from shared.service import Work

REASON = "withdrawn"


async def end_parts(work: Work, issue: Issue) -> None:
    """Cancel what is open, and tell of it. The issue is locked already."""
    await cancel_tasks(work, issue, REASON)
    await end_mediations(work, issue, REASON)
