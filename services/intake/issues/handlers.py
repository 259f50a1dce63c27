"""What grid and partners tell of issues."""

from collections.abc import Sequence
from typing import cast

from services.intake.issues.placement import News
from services.intake.issues.placement import take_grid_news as take
from services.intake.issues.pledges import note_pledges
from services.intake.service import intake
from shared.events import Event
from shared.events.grid import AssignmentProposed, IssueLocated
from shared.events.partners import PledgeCancelled, PledgeConfirmed, PledgeDelivered, PledgeEvent, PledgeMade
from shared.service import Work


@intake.on_batch(IssueLocated, AssignmentProposed)
async def take_grid_news(news: Sequence[Event], work: Work) -> None:
    await take(work, cast("Sequence[News]", news))


@intake.on_batch(PledgeMade, PledgeDelivered, PledgeConfirmed, PledgeCancelled)
async def note_help(events: Sequence[PledgeEvent], work: Work) -> None:
    await note_pledges(work, events)
