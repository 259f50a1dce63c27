"""What notify listens to: all that street offices may be told, and how escalations fare."""

from collections.abc import Sequence

from services.notify.calls.escalations import keep_copies
from services.notify.deliveries.courier import Courier
from services.notify.messages.telling import asked_for, tell
from services.notify.rules.feeds import FEEDS
from services.notify.service import notify
from shared.events import Event
from shared.events.intake import (
    EscalationAcknowledged,
    EscalationClosed,
    EscalationEvent,
    EscalationProgressed,
    EscalationRecalled,
    EscalationReplied,
    EscalationReturned,
    EscalationSent,
)
from shared.service import Work


@notify.on_batch(*(feed.event for feed in FEEDS), heed=asked_for)
async def tell_street_offices(events: Sequence[Event], work: Work) -> None:
    if await tell(events, work):
        work.afterwards.append(work.part(Courier).wake)


@notify.on_batch(
    EscalationSent,
    EscalationAcknowledged,
    EscalationProgressed,
    EscalationReturned,
    EscalationReplied,
    EscalationRecalled,
    EscalationClosed,
)
async def copy_escalations(events: Sequence[EscalationEvent], work: Work) -> None:
    await keep_copies(events, work)
