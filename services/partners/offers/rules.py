"""The states of an offer (domain.md §2.4), and which offers a person must look at first."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from services.partners.lifecycle import Lifecycle
from services.partners.settings import KindRules

_WAITING = {
    "publish": "published",
    "reject": "rejected",
    "needs-changes": "needs_changes",
    "withdraw": "withdrawn",
    "expire": "expired",
}

OFFER = Lifecycle(
    "offer",
    {
        "draft": {"edit": "draft", "submit": "submitted", "withdraw": "withdrawn", "expire": "expired"},
        "submitted": {"review": "under_review", **_WAITING},
        "under_review": _WAITING,
        "needs_changes": {
            "edit": "needs_changes",
            "submit": "submitted",
            "withdraw": "withdrawn",
            "expire": "expired",
        },
        "published": {
            "suspend": "suspended",
            "withdraw": "withdrawn",
            "exhaust": "exhausted",
            "expire": "expired",
        },
        "suspended": {"publish": "published", "withdraw": "withdrawn", "expire": "expired"},
        "exhausted": {"replenish": "published", "withdraw": "withdrawn", "expire": "expired"},
        "rejected": {},
        "expired": {},
        "withdrawn": {},
    },
    inner=frozenset({"exhaust", "replenish", "expire"}),
)


def needs_a_look(rules: KindRules, *, at_home: bool, with_minors: bool, good_standing: bool) -> bool:
    """Whether a person decides on the offer: on all but plain goods of a unit in good standing."""
    return not rules.auto_publish or at_home or with_minors or not good_standing


def missing_qualifications(
    rules: KindRules, tags: Sequence[str], held: Sequence[str], *, with_minors: bool
) -> tuple[str, ...]:
    """What the law or the house asks for such an offer and the unit has not shown."""
    needed = set(rules.qualifications)
    if with_minors:
        needed |= set(rules.with_minors)
    for tag in tags:
        needed |= set(rules.tagged.get(tag, ()))
    return tuple(sorted(needed - set(held)))


def nth_day_after(start: date, days: int, counts: Callable[[date], bool]) -> date:
    """The n-th day after `start` that counts, such as the third working day."""
    day = start
    for _ in range(days):
        day += timedelta(days=1)
        while not counts(day):
            day += timedelta(days=1)
    return day
