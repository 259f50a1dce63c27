"""The time limits and bounds of domain.md §2 and §4, read from YAML."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.events.intake import Urgency
from shared.settings import load_yaml

Count = Annotated[int, Field(ge=1)]
PerUrgency = dict[Urgency, Count]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DeclineLimits(_Rules):
    """How often an issue may be handed back before the community decides."""

    most: Annotated[int, Field(ge=0)]


class SuspendLimits(_Rules):
    """How long and how often work may wait; after `yellow_after_days` it shows."""

    days: Count
    times: Count
    yellow_after_days: Count


class CallBackLimits(_Rules):
    """After so many tries on so many days an unreached reporter no longer holds up the closing."""

    tries: Count
    days: Count


class ReopenLimits(_Rules):
    """Until when a closed issue may be reopened, and from which time on it is red and the secretary's."""

    days: Count
    secretary_from: Count


class ExtensionLimits(_Rules):
    """How much time may be added: `percent` of the limit, and no more than so many days in all."""

    percent: Annotated[int, Field(ge=1, le=100)]
    most_days: Count
    mediation_days: Count


class MediationLimits(_Rules):
    """When a mediation begins and ends, when it is looked at again, and until when a court may confirm it."""

    start_hours: Count
    days: Count
    follow_up_days: Annotated[tuple[Count, ...], Field(min_length=1)]
    confirmation_days: Count


class EscalationLimits(_Rules):
    """Limits for the level that is asked; urgencies missing in `ack_minutes` have working minutes."""

    ack_minutes: PerUrgency
    ack_working_minutes: Count
    check_in_minutes: PerUrgency
    reply_days: PerUrgency
    returns: Annotated[int, Field(ge=0)]


class IdentityLinkLimits(_Rules):
    """For how long a link to a person's identity opens, and how many are made for one request."""

    minutes: Count
    most: Count


class ListLimits(_Rules):
    """How many views one person keeps, and how many a list of them shows."""

    views: Count
    shown_views: Count


class Limits(_Rules):
    """All of them."""

    accept_minutes: PerUrgency
    respond_minutes: PerUrgency
    resolve_hours: PerUrgency
    small_resolve_hours: Count
    warn_percent: Annotated[int, Field(ge=1, le=100)]
    decline: DeclineLimits
    suspend: SuspendLimits
    call_back: CallBackLimits
    reopen: ReopenLimits
    extension: ExtensionLimits
    mediation: MediationLimits
    escalation: EscalationLimits
    identity_link: IdentityLinkLimits
    lists: ListLimits


def load_limits(path: Path | None = None) -> Limits:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parent / "rules" / "limits.yaml", Limits)
