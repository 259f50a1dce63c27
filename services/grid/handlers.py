"""What grid does when intake says something happened."""

from collections.abc import Sequence

from services.grid.households.alarms import heed_sudden_event
from services.grid.issues.assignments import follow_issues
from services.grid.service import grid
from shared.events.intake import (
    EmergencyReportFiled,
    IssueAccepted,
    IssueClosed,
    IssueDeclined,
    IssueEvent,
    IssueMerged,
    IssueRecategorised,
    IssueRejected,
    IssueReopened,
    IssueReported,
    IssueUnmerged,
    IssueWithdrawn,
)
from shared.service import Work

# What opens a round of seeking, sorts a matter, begins or ends it; the steps between are no affair of grid's.
ISSUE_EVENTS: tuple[type[IssueEvent], ...] = (
    EmergencyReportFiled,
    IssueAccepted,
    IssueClosed,
    IssueDeclined,
    IssueMerged,
    IssueRecategorised,
    IssueRejected,
    IssueReopened,
    IssueReported,
    IssueUnmerged,
    IssueWithdrawn,
)


@grid.on_batch(*ISSUE_EVENTS)
async def follow(events: Sequence[IssueEvent], work: Work) -> None:
    await follow_issues(work, events)


@grid.on(IssueAccepted)
async def heed(event: IssueAccepted, work: Work) -> None:
    await heed_sudden_event(work, event)
