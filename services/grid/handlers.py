"""What grid does when intake says something happened."""

from collections.abc import Sequence

from services.grid.households.alarms import heed_sudden_event
from services.grid.issues.assignments import follow_issues
from services.grid.service import grid
from shared.events.intake import (
    EmergencyReportFiled,
    IssueAccepted,
    IssueAssigned,
    IssueClosed,
    IssueDeclined,
    IssueEscalated,
    IssueEvent,
    IssueHelpRequested,
    IssueMerged,
    IssueRejected,
    IssueReopened,
    IssueReported,
    IssueResolved,
    IssueResponded,
    IssueResumed,
    IssueReturned,
    IssueReworked,
    IssueSuspended,
    IssueVerified,
    IssueWithdrawn,
)
from shared.service import Work

ISSUE_EVENTS: tuple[type[IssueEvent], ...] = (
    EmergencyReportFiled,
    IssueAccepted,
    IssueAssigned,
    IssueClosed,
    IssueDeclined,
    IssueEscalated,
    IssueHelpRequested,
    IssueMerged,
    IssueRejected,
    IssueReopened,
    IssueReported,
    IssueResolved,
    IssueResponded,
    IssueResumed,
    IssueReturned,
    IssueReworked,
    IssueSuspended,
    IssueVerified,
    IssueWithdrawn,
)


@grid.on_batch(*ISSUE_EVENTS)
async def follow(events: Sequence[IssueEvent], work: Work) -> None:
    await follow_issues(work, events)


@grid.on(IssueAccepted)
async def heed(event: IssueAccepted, work: Work) -> None:
    await heed_sudden_event(work, event)
