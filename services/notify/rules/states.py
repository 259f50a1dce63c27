"""The words for where endpoints, deliveries and answers stand."""

from enum import StrEnum


class EndpointState(StrEnum):
    """Only an active endpoint is sent to; what is meant for the others waits for them."""

    unverified = "unverified"
    active = "active"
    disabled = "disabled"


class DeliveryState(StrEnum):
    """As stored. That a delivery is held is not stored: it is pending, and its endpoint is not active."""

    pending = "pending"
    leased = "leased"
    succeeded = "succeeded"
    exhausted = "exhausted"
    cancelled = "cancelled"


class Trigger(StrEnum):
    """Why a delivery is tried: by itself, again on somebody's word, or to see whether the endpoint works."""

    auto = "auto"
    manual = "manual"
    test = "test"


class Verdict(StrEnum):
    """What became of a signed call of a street office."""

    accepted = "accepted"
    refused = "refused"
