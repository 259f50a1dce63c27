"""What grid tells of issues."""

from collections.abc import Sequence
from typing import cast

from services.intake.issues.placement import News
from services.intake.issues.placement import take_grid_news as take
from services.intake.service import intake
from shared.events import Event
from shared.events.grid import AssignmentProposed, IssueLocated
from shared.service import Work


@intake.on_batch(IssueLocated, AssignmentProposed)
async def take_grid_news(news: Sequence[Event], work: Work) -> None:
    await take(work, cast("Sequence[News]", news))
