"""The words for where endpoints, deliveries and answers stand."""

from enum import StrEnum


class EndpointState(StrEnum):
    """Only an active endpoint is sent to; what is meant for the others waits for them."""

    unverified = "unverified"
    active = "active"
    disabled = "disabled"


class DeliveryState(StrEnum):
    """As stored. That a delivery is held is not stored: it is pending, and its endpoint is not active.

    A cancelled one is given up on somebody's word: the receiver's, or the operator's who lets others pass it.
    """

    pending = "pending"
    leased = "leased"
    succeeded = "succeeded"
    exhausted = "exhausted"
    cancelled = "cancelled"


class Trigger(StrEnum):
    """Why a delivery is tried: by itself, again on somebody's word, or to see whether the endpoint works.

    A `probe` is the one try that a resting endpoint gets, a `fetch` that the office came for it.
    """

    auto = "auto"
    manual = "manual"
    test = "test"
    probe = "probe"
    fetch = "fetch"


class Breaker(StrEnum):
    """Whether an endpoint is sent to: `open` rests, `half` tries one delivery to see if it is back."""

    closed = "closed"
    open = "open"
    half = "half"


class Ordering(StrEnum):
    """Whether the messages about one subject wait for each other."""

    none = "none"
    subject = "subject"


class Scheme(StrEnum):
    """How messages are signed: with a secret that both know, or with a key of which all know one half."""

    v1 = "v1"
    v1a = "v1a"


class Verdict(StrEnum):
    """What became of a signed call of a street office; a stale one is kept, but a newer one overtook it."""

    accepted = "accepted"
    refused = "refused"
    stale = "stale"
