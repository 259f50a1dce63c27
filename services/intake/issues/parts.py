"""What has to be over before an issue is: the parts that others do, and the settling of a dispute."""

from sqlalchemy import select

from services.intake.issues.models import Issue
from services.intake.mediation.models import Mediation
from services.intake.mediation.rules import UNDER_WAY
from services.intake.tasks.models import Task
from services.intake.tasks.rules import OPEN_TASKS
from shared.errors import Refused
from shared.service import Work


class PartsOpen(Refused):
    """Somebody is still at work on a part of the issue."""

    type, title = "parts-open", "A part of the issue is open"


async def hold_to_parts(work: Work, issue: Issue) -> None:
    """Raise `PartsOpen` while a task is open, or a mediation is under way. The issue is locked already."""
    tasks = select(Task.no).where(Task.issue_id == issue.id, Task.state.in_(OPEN_TASKS)).order_by(Task.no)
    numbers = list(await work.session.scalars(tasks))
    if numbers:
        raise PartsOpen(f"tasks {', '.join(map(str, numbers))} are open: wait for them, or cancel them")
    mediations = select(Mediation.state).where(Mediation.issue_id == issue.id, Mediation.state.in_(UNDER_WAY))
    state = await work.session.scalar(mediations.limit(1))
    if state is not None:
        raise PartsOpen(f"a mediation is under way ({state}): see it to its end first")
