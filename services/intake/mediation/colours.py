"""The colour of a mediation (domain.md §2.3, by S14), which says who leads it. Pure.

Red is the case of a street leader, yellow that of the area's team; once it succeeded it is blue, and the grid
worker looks after it. The issue has a colour of its own (§5.4).
"""

from collections.abc import Mapping
from enum import StrEnum

from services.intake.issues.colours import STREET_LEVEL
from shared.events.grid import Colour
from shared.events.intake import IssueState, MediationState

SUCCEEDED = frozenset({MediationState.performed, MediationState.follow_up_ok})


class Lead(StrEnum):
    """Who leads it."""

    street_leader = "street_leader"
    area_team = "area_team"
    grid_worker = "grid_worker"


LED_BY: Mapping[Colour, Lead] = {
    Colour.red: Lead.street_leader,
    Colour.yellow: Lead.area_team,
    Colour.blue: Lead.grid_worker,
}


def mediation_colour(state: str, issue_state: str, issue_level: int) -> Colour:
    """From how far it has come, and from who has the issue now."""
    if state in SUCCEEDED:
        return Colour.blue
    has_street = issue_state == IssueState.escalated and issue_level >= STREET_LEVEL
    return Colour.red if has_street else Colour.yellow
