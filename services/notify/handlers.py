"""What notify listens to: all that street offices may be told, and how escalations fare."""

from collections.abc import Sequence

from services.notify.calls.copies import keep_askings, keep_escalations, keep_issues
from services.notify.deliveries.courier import Courier
from services.notify.messages.telling import asked_for, tell
from services.notify.rules.feeds import FEEDS
from services.notify.service import notify
from shared.events import Event
from shared.events.intake import (
    EscalationAcknowledged,
    EscalationCheckedIn,
    EscalationClosed,
    EscalationDepartmentAssigned,
    EscalationEvent,
    EscalationProgressed,
    EscalationRecalled,
    EscalationReplied,
    EscalationReturned,
    EscalationSent,
    IssueAccepted,
    IssueClosed,
    IssueEscalated,
    IssueEvent,
    IssueExtended,
    IssueExtensionAsked,
    IssueExtensionRefused,
    IssueMerged,
    IssueRejected,
    IssueReopened,
    IssueResolved,
    IssueReturned,
    IssueReworked,
    IssueUnmerged,
    IssueWithdrawn,
)
from shared.service import Work


@notify.on_batch(*(feed.event for feed in FEEDS), heed=asked_for)
async def tell_street_offices(events: Sequence[Event], work: Work) -> None:
    if await tell(events, work):
        work.afterwards.append(work.part(Courier).wake)


@notify.on_batch(
    EscalationSent,
    EscalationAcknowledged,
    EscalationDepartmentAssigned,
    EscalationCheckedIn,
    EscalationProgressed,
    EscalationReturned,
    EscalationReplied,
    EscalationRecalled,
    EscalationClosed,
)
async def copy_escalations(events: Sequence[EscalationEvent], work: Work) -> None:
    await keep_escalations(events, work)


# The steps between say nothing about what a street office may say; the many that come and go are not copied.
@notify.on_batch(
    IssueAccepted,
    IssueRejected,
    IssueMerged,
    IssueUnmerged,
    IssueEscalated,
    IssueReturned,
    IssueExtensionAsked,
    IssueResolved,
    IssueReworked,
    IssueClosed,
    IssueReopened,
    IssueWithdrawn,
)
async def copy_issues(events: Sequence[IssueEvent], work: Work) -> None:
    await keep_issues(events, work)


@notify.on_batch(IssueExtensionAsked, IssueExtended, IssueExtensionRefused)
async def copy_askings(events: Sequence[IssueEvent], work: Work) -> None:
    await keep_askings(events, work)
