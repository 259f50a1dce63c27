"""What grid tells the others: where an issue is, who should handle it, how households fare."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.events.base import Event, Part, Snapshot
from shared.events.intake import Handler


class PlacementSnapshot(Snapshot):
    """Where an issue is. `method` is how we know: point, compound, address or none; `id` is the issue's."""

    area_code: str
    method: str


class IssueLocated(Event, type="grid.issue.located.v1", about="placement"):
    """The issue's smallest area is known (the community itself where nothing better could be found)."""

    placement: PlacementSnapshot


class AssignmentSnapshot(Snapshot):
    """Who should handle an issue in one round of seeking; no handler means that the community decides.

    `role` is the force role of domain.md §5.1 under which the person was found, `reasons` why, as codes.
    """

    issue_id: UUID
    round: int
    area_code: str
    handler: Handler | None
    role: str | None
    level: int
    reasons: tuple[str, ...]


class AssignmentEvent(Event, about="assignment"):
    """Any fact about a proposal of a handler."""

    assignment: AssignmentSnapshot


class AssignmentProposed(AssignmentEvent, type="grid.assignment.proposed.v1"):
    """Grid names the person who should handle the issue, or leaves it to the community."""


class AssignmentDeclined(AssignmentEvent, type="grid.assignment.declined.v1"):
    """The person handed the issue back, and grid has noted it."""

    reason_code: str


class Colour(StrEnum):
    """The three colours of care; never shown to partners or neighbours for a household."""

    red = "red"
    yellow = "yellow"
    blue = "blue"


class HouseholdSnapshot(Snapshot):
    """A household by its code; who lives there stays with grid."""

    code: str
    area_code: str
    colour: Colour


class HouseholdColourChanged(Event, type="grid.household.colour_changed.v1", about="household"):
    """The colour of care of a household is another than before."""

    household: HouseholdSnapshot
    previous: Colour


class RiskSummarySnapshot(Snapshot):
    """The households of one community in a week, which `week` names by its Monday."""

    community_code: str
    week: date


class GridRisk(Part):
    """How many households of one grid are in each colour."""

    grid_code: str
    red: int
    yellow: int
    blue: int


class RiskSummaryCounted(Event, type="grid.risk_summary.counted.v1", about="risk_summary"):
    """A week has begun: how many households of each grid are in which colour; nobody is named."""

    risk_summary: RiskSummarySnapshot
    grids: tuple[GridRisk, ...] = ()


class VisitSnapshot(Snapshot):
    """A visit that is owed to a household."""

    household_code: str
    area_code: str
    purpose: str
    state: str
    due_on: date


class VisitEvent(Event, about="visit"):
    """Any fact about a visit."""

    visit: VisitSnapshot


class VisitPlanned(VisitEvent, type="grid.visit.planned.v1"):
    """Somebody is to see the household by the day named."""


class VisitDue(VisitEvent, type="grid.visit.due.v1"):
    """The day of the visit has come."""


class VisitAttempted(VisitEvent, type="grid.visit.attempted.v1"):
    """Nobody was at home; the visit is tried again by the day named."""


class VisitDone(VisitEvent, type="grid.visit.done.v1"):
    """The household was seen; `has_risk` says that something needs looking after."""

    has_risk: bool = False


class VisitMissed(VisitEvent, type="grid.visit.missed.v1"):
    """The visit was not made in time, grace included; `in_a_row` counts misses while the household is red."""

    in_a_row: int = 0


class VisitRefused(VisitEvent, type="grid.visit.refused.v1"):
    """The household did not want to be seen."""


class VisitCancelled(VisitEvent, type="grid.visit.cancelled.v1"):
    """The visit is no longer owed."""
