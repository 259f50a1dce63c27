"""What may happen to an issue beside its straight way: taken apart, sorted anew, given more time."""

from datetime import datetime
from uuid import UUID

from shared.events.intake.issues import IssueEvent, Urgency


class IssueUnmerged(IssueEvent, type="intake.issue.unmerged.v1"):
    """The matter was not the same as the other after all, and goes its own way again."""

    master_id: UUID


class IssueRecategorised(IssueEvent, type="intake.issue.recategorised.v1"):
    """The matter is of another kind or urgency than was thought; its clocks count from acceptance still."""

    from_category: str | None
    from_urgency: Urgency | None


class IssueCopied(IssueEvent, type="intake.issue.copied.v1"):
    """A level above gets to know of the matter; nothing is asked of it, and the matter stays where it is."""

    to_level: int
    target: str


class IssueSplit(IssueEvent, type="intake.issue.split.v1"):
    """Parts of the work were given to other units; each part has events of its own."""

    parts: int


class IssueExtensionAsked(IssueEvent, type="intake.issue.extension_asked.v1"):
    """The handler asks the level above for time until `until`."""

    to_level: int
    until: datetime
    reason_code: str


class IssueExtended(IssueEvent, type="intake.issue.extended.v1"):
    """The level above gave the time that was asked for; the snapshot has the new limit."""

    due_before: datetime


class IssueExtensionRefused(IssueEvent, type="intake.issue.extension_refused.v1"):
    """The level above gave no more time; the limit stays."""


class IssueRescheduled(IssueEvent, type="intake.issue.rescheduled.v1"):
    """The calendar of a year was published, so that what is due moved; the snapshot has the new dates."""

    due_before: datetime | None
