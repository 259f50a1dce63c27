"""What units can give."""

from datetime import datetime

from shared.events.base import Event, Snapshot


class OfferSnapshot(Snapshot):
    """What a unit can give: `total` and `reserved` are counted in `measure`."""

    unit_code: str
    community_code: str
    kind: str
    title: str
    tags: tuple[str, ...]
    measure: str
    total: int
    reserved: int
    state: str
    valid_from: datetime
    valid_to: datetime


class OfferEvent(Event, about="offer"):
    """Any fact about an offer."""

    offer: OfferSnapshot


class OfferSubmitted(OfferEvent, type="partners.offer.submitted.v1"):
    """A unit posted an offer."""


class OfferPublished(OfferEvent, type="partners.offer.published.v1"):
    """The offer can be matched from now on."""


class OfferRejected(OfferEvent, type="partners.offer.rejected.v1"):
    """The community cannot use the offer."""

    reason: str


class OfferReturned(OfferEvent, type="partners.offer.returned.v1"):
    """The community asks the unit to change the offer before it can be used."""

    reason: str


class OfferSuspended(OfferEvent, type="partners.offer.suspended.v1"):
    """The community took the offer off the list for a while."""

    reason: str


class OfferExpired(OfferEvent, type="partners.offer.expired.v1"):
    """The offer's time is over."""


class OfferExhausted(OfferEvent, type="partners.offer.exhausted.v1"):
    """Nothing of the offer is left."""


class OfferWithdrawn(OfferEvent, type="partners.offer.withdrawn.v1"):
    """The unit took back what was not yet promised."""
