"""The states of a case (domain.md §2.5), and what one may say of its money (§10). Pure.

What stands here is the part of the table that needs no programme: enrolment, consent and assessment come
between `identified` and `planned` where a programme is agreed on.
"""

from collections.abc import Sequence
from enum import StrEnum

from services.partners.lifecycle import Lifecycle
from shared.auth import Role

_ALWAYS = {"give": "", "close": "completed", "transfer": "transferred"}


def _row(state: str, **more: str) -> dict[str, str]:
    return {name: after or state for name, after in {**_ALWAYS, **more}.items()}


CASE = Lifecycle(
    "case",
    {
        "identified": _row("identified", plan="planned"),
        "planned": _row("planned", plan="planned", activate="active"),
        "active": _row("active", plan="active", review="in_review"),
        "in_review": _row("in_review", plan="in_review", activate="active"),
        "completed": {},
        "transferred": {},
    },
)
OPEN = CASE.leading("give")
# Who leads a case may know amounts; who brings help to the door need not (domain.md §10).
SEES_MONEY = frozenset({Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY})


class MeasureKind(StrEnum):
    """组合拳: 政策落实, 社会帮扶, 党员助力."""

    policy = "policy"
    social = "social"
    party_member = "party_member"


class MeasureState(StrEnum):
    """How far a measure has come."""

    planned = "planned"
    under_way = "under_way"
    done = "done"
    dropped = "dropped"


class Form(StrEnum):
    """How relief is given: 实物, 现金, 转介."""

    goods = "goods"
    money = "money"
    referral = "referral"


def missing_for_activity(lead: str | None, states: Sequence[str]) -> tuple[str, ...]:
    """What a plan lacks before anybody works by it: a lead, and a measure that is not done or dropped."""
    live = [state for state in states if state in {MeasureState.planned, MeasureState.under_way}]
    return (*(() if lead else ("lead",)), *(() if live else ("measures",)))
