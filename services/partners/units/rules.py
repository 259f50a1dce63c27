"""When a unit is a member (domain.md §2.7), and when its word is good enough to go without a second look."""

from datetime import date

from services.partners.lifecycle import Lifecycle

UNIT = Lifecycle(
    "unit",
    {
        "invited": {"sign": "active"},
        "active": {"suspend": "suspended"},
        "suspended": {"reinstate": "active"},
    },
    inner=frozenset({"sign"}),
)


def reliability(confirmed: int, no_show: int, late: int, *, new_unit: float) -> float:
    """The share of promises kept, 0 to 1; `new_unit` where nothing has been promised yet (domain.md §7)."""
    promised = confirmed + no_show + late
    return confirmed / promised if promised else new_unit


def is_in_force(state: str, agreement_until: date | None, on: date) -> bool:
    """Whether the unit is a member on that day."""
    return state == "active" and (agreement_until is None or on <= agreement_until)
