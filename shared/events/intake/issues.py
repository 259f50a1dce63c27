"""The life of an issue."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.base import Event, Part, Snapshot


class IssueState(StrEnum):
    """The states of domain.md §2.1."""

    reported = "reported"
    accepted = "accepted"
    rejected = "rejected"
    merged = "merged"
    assigned = "assigned"
    in_progress = "in_progress"
    suspended = "suspended"
    escalated = "escalated"
    resolved = "resolved"
    verified = "verified"
    closed = "closed"
    withdrawn = "withdrawn"


class Urgency(StrEnum):
    """U0 emergency, U1 urgent livelihood, U2 ordinary, U3 complex."""

    U0 = "U0"
    U1 = "U1"
    U2 = "U2"
    U3 = "U3"


class Point(Part):
    """WGS-84 degrees, as given by the reporter, kept to five decimals (about one metre)."""

    longitude: float
    latitude: float


class Handler(Part):
    """Who handles an issue: the unit is an area or office code, the person a subject of our tokens."""

    unit: str
    person: str


class Help(Part):
    """What the handler of an issue asks partner units for; `public_text` names nobody."""

    no: int
    kind: str
    tags: tuple[str, ...] = ()
    quantity: int
    unit: str
    needed_by: datetime | None = None
    public_text: str


class IssueSnapshot(Snapshot):
    """An issue without any word that its reporter wrote: codes, levels, clocks and counts only.

    `area_code` is the smallest known area (the community until grid has located the issue).
    `assignment_round` rises whenever a handler is sought anew, so that a proposal can be matched to it.
    `privacy_class` is 0 plain, 1 personal, 2 sensitive.
    """

    no: str
    community_code: str
    street_code: str
    area_code: str
    state: IssueState
    channel: str
    category: str | None
    urgency: Urgency | None
    level: int
    max_level: int
    colour: str
    pillar: str
    privacy_class: int
    affected_households: int
    handler: Handler | None
    assignment_round: int
    decline_count: int
    reopen_count: int
    reported_at: datetime
    due_accept: datetime | None
    due_respond: datetime | None
    due_resolve: datetime | None
    outcome_code: str | None


class IssueEvent(Event, about="issue"):
    """Any fact about an issue."""

    issue: IssueSnapshot


class IssueReported(IssueEvent, type="intake.issue.reported.v1"):
    """A matter has come in and has a number.

    The place is in the clear only for a plain matter (privacy class 0) with a point or a compound;
    otherwise `place_sealed` holds it, readable by grid alone (a sealed box of JSON
    `{"point": [lon, lat] | null, "address": str | null, "compound": str | null}`, base64).
    """

    point: Point | None = None
    compound: str | None = None
    place_sealed: str | None = None


class IssueAccepted(IssueEvent, type="intake.issue.accepted.v1"):
    """The matter is ours: category, urgency and level are set, its clocks run.

    `households` are the codes of households that a sudden event struck (none otherwise).
    """

    households: tuple[str, ...] = ()
    automatic: bool = False


class IssueRejected(IssueEvent, type="intake.issue.rejected.v1"):
    """The matter is not for this community; the reporter was told what to do instead."""

    reason_code: str


class IssueMerged(IssueEvent, type="intake.issue.merged.v1"):
    """The matter is the same as another, which now stands for both."""

    master_id: UUID
    master_no: str


class IssueAssigned(IssueEvent, type="intake.issue.assigned.v1"):
    """A handler is named in the snapshot."""

    automatic: bool = True


class IssueDeclined(IssueEvent, type="intake.issue.declined.v1"):
    """The assignee handed the issue back with a reason; a handler is sought again."""

    declined_by: Handler
    reason_code: str


class IssueResponded(IssueEvent, type="intake.issue.responded.v1"):
    """The handler made first contact with the reporter, and work began."""


class IssueSuspended(IssueEvent, type="intake.issue.suspended.v1"):
    """Work waits for a named reason, and the clock stands still until `until` at the latest."""

    reason_code: str
    until: datetime


class IssueResumed(IssueEvent, type="intake.issue.resumed.v1"):
    """Work goes on and the clock runs again."""


class IssueEscalated(IssueEvent, type="intake.issue.escalated.v1"):
    """A higher level has been asked to take the issue."""

    escalation_id: UUID


class IssueReturned(IssueEvent, type="intake.issue.returned.v1"):
    """The higher level handed the issue back, or its answer leaves work to the community."""

    escalation_id: UUID
    reason_code: str


class IssueResolved(IssueEvent, type="intake.issue.resolved.v1"):
    """The handler says it is done, with evidence."""

    evidence_count: int


class IssueReworked(IssueEvent, type="intake.issue.rework.v1"):
    """A second person looked and found it not done."""

    reason_code: str


class IssueVerified(IssueEvent, type="intake.issue.verified.v1"):
    """A second person looked and found it done."""


class IssueClosed(IssueEvent, type="intake.issue.closed.v1"):
    """The reporter was called back (or could not be reached in three tries on two days)."""

    reached: bool
    solved: bool | None
    rating: int | None
    closed_at: datetime


class IssueReopened(IssueEvent, type="intake.issue.reopened.v1"):
    """Not solved after all."""

    reason_code: str


class IssueWithdrawn(IssueEvent, type="intake.issue.withdrawn.v1"):
    """The reporter took the matter back."""


class IssueKeptOpen(IssueEvent, type="intake.issue.kept_open.v1"):
    """The reporter took it back, but it is a danger, or others reported it too: it stays open for them."""


class IssueHelpRequested(IssueEvent, type="intake.issue.help_requested.v1"):
    """The handler needs what a partner unit could give."""

    help: Help
