"""The states of a pledge (domain.md §2.4), and what its times mean."""

from datetime import datetime, timedelta

from services.partners.lifecycle import Lifecycle

_BEFORE = {"cancel": "cancelled", "cancel-late": "late_cancel", "no-show": "no_show"}
_CAME = {"confirm": "confirmed", "dispute": "disputed"}

PLEDGE = Lifecycle(
    "pledge",
    {
        "pledged": {"contact": "contacted", **_BEFORE},
        "contacted": {"schedule": "scheduled", **_BEFORE},
        "scheduled": {
            "schedule": "scheduled",
            "deliver": "delivered",
            "deliver-partly": "partly_delivered",
            **_BEFORE,
        },
        "delivered": _CAME,
        "partly_delivered": _CAME,
        "disputed": {"confirm": "confirmed", "no-show": "no_show"},
        "confirmed": {"rate": "rated"},
        "rated": {"rate": "closed"},
        "closed": {},
        "cancelled": {},
        "late_cancel": {},
        "no_show": {},
    },
    inner=frozenset({"cancel-late", "deliver-partly"}),
)

AHEAD = ("pledged", "contacted", "scheduled")
ARRIVED = ("delivered", "partly_delivered", "disputed", "confirmed", "rated", "closed")


def is_late(scheduled_for: datetime | None, at: datetime, notice: timedelta) -> bool:
    """Whether a cancellation comes with less notice than a household may expect before an agreed time."""
    return scheduled_for is not None and scheduled_for - at < notice


def may_see_recipient(state: str, delivered_at: datetime | None, at: datetime, tail: timedelta) -> bool:
    """Whether the unit may still know where to go: from its promise until some days after the delivery."""
    if state in AHEAD:
        return True
    return state in ARRIVED and delivered_at is not None and at - delivered_at <= tail
