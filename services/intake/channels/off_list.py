"""What is not on the published list of grid work is not put straight on grid workers (domain.md §9)."""

from datetime import datetime

from services.intake.issues.models import Issue
from shared.errors import Refused

# Codes of grids and micro-grids are longer than a community's.
_COMMUNITY_DIGITS = 12


class OffList(Refused):
    """The street's order is for something that grid workers are not there for."""

    type, title = "off-list", "Not on the list of grid work"


def is_barred(until: datetime | None, unit: str, now: datetime) -> bool:
    """Whether work that is off the list may not go to that unit now; `until` is how long it was allowed."""
    return len(unit) > _COMMUNITY_DIGITS and (until is None or now >= until)


def hold_to_list(issue: Issue, unit: str, now: datetime) -> None:
    """Raise `OffList` where an issue that is off the list would go to a grid."""
    if issue.off_list and is_barred(issue.off_list_until, unit, now):
        raise OffList("name somebody of the community; an urgent matter may be allowed for a time")
