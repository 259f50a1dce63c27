"""Who decides about more time, and how much there may be (domain.md §2.1). Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.intake.issues.clocks import Running
from services.intake.limits import ExtensionLimits
from services.intake.mediation.rules import DISPUTES
from shared.auth import Role

# The level that decides is one above the issue's own; who stands higher within the community may as well.
_OFFICE = frozenset({Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY})
DECIDERS: Mapping[int, frozenset[Role]] = {
    1: _OFFICE | {Role.GRID_LEADER},
    2: _OFFICE,
    3: frozenset({Role.STREET_OFFICER}),
}
_DAY_MINUTES = 1440


def level_above(level: int) -> int:
    """The level that is asked; above the street nobody is."""
    return min(level + 1, max(DECIDERS))


def latest(
    running: Running,
    began: datetime,
    due: datetime,
    paused: timedelta,
    category: str | None,
    *,
    limits: ExtensionLimits,
) -> datetime:
    """Until when more time may reach: so much more of the limit, and so many days in all, pauses left out.

    A dispute has longer: who is to agree needs time. Never earlier than `due`.
    """
    days = limits.mediation_days if (category or "").startswith(DISPUTES) else limits.most_days
    whole = running.between(began, due) - paused
    by_share = running.add(due, whole * limits.percent / 100)
    in_all = running.add(began, running.limit(days * _DAY_MINUTES) + paused)
    return max(min(by_share, in_all), due)
