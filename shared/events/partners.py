"""What partners tells the others: units, what they offer, what is needed, and how the two meet."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Event, Part, Snapshot


class UnitSnapshot(Snapshot):
    """A member unit of the joint party committee."""

    code: str
    name: str
    kind: str
    state: str
    community_code: str


class UnitEvent(Event, about="partner_unit"):
    """Any fact about a unit."""

    partner_unit: UnitSnapshot


class UnitJoined(UnitEvent, type="partners.unit.joined.v1"):
    """A unit signed the co-building agreement."""


class UnitChanged(UnitEvent, type="partners.unit.changed.v1"):
    """A unit has another name, kind or agreement than before, or is a member in force again."""


class UnitSuspended(UnitEvent, type="partners.unit.suspended.v1"):
    """Nothing is asked of the unit until it is a member in force again."""


class UnitAgreementExpiring(UnitEvent, type="partners.unit.agreement_expiring.v1"):
    """The co-building agreement of a unit ends soon, on the day named."""

    until: date


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


class NeedSnapshot(Snapshot):
    """What somebody needs, without who: `open_quantity` is what no pledge covers yet."""

    community_code: str
    area_code: str
    kind: str
    tags: tuple[str, ...]
    measure: str
    quantity: int
    open_quantity: int
    urgency: str
    state: str
    issue_id: UUID | None
    issue_no: str | None
    help_no: int | None


class NeedEvent(Event, about="need"):
    """Any fact about a need."""

    need: NeedSnapshot


class NeedPublished(NeedEvent, type="partners.need.published.v1"):
    """The need is on the list and can be matched."""


class NeedFulfilled(NeedEvent, type="partners.need.fulfilled.v1"):
    """All that was needed has been received."""


class NeedWithdrawn(NeedEvent, type="partners.need.withdrawn.v1"):
    """The need is no longer there, or partners cannot meet such a need (state `unsuitable`)."""


class NeedClosed(NeedEvent, type="partners.need.closed.v1"):
    """A fulfilled need was struck off the list."""


class MatchSnapshot(Snapshot):
    """An offer that could serve a need: `score` is 0–100, `reasons` are codes with their points."""

    need_id: UUID
    offer_id: UUID
    unit_code: str
    community_code: str
    area_code: str
    quantity: int
    score: float
    reasons: dict[str, float]
    state: str
    issue_id: UUID | None
    issue_no: str | None


class MatchEvent(Event, about="match"):
    """Any fact about a match."""

    match: MatchSnapshot


class MatchProposed(MatchEvent, type="partners.match.proposed.v1"):
    """The two fit; a clerk or the unit has to say yes."""


class MatchOffered(MatchEvent, type="partners.match.offered.v1"):
    """The community asked the unit to take the need."""


class MatchAccepted(MatchEvent, type="partners.match.accepted.v1"):
    """The unit said yes; a pledge follows."""


class MatchDeclined(MatchEvent, type="partners.match.declined.v1"):
    """The unit or the community said no."""

    reason: str


class MatchLapsed(MatchEvent, type="partners.match.lapsed.v1"):
    """The need or the offer is gone before the match was accepted."""


class PledgeSnapshot(Snapshot):
    """A promise of a unit to one need, counted in the need's measure."""

    match_id: UUID
    need_id: UUID
    offer_id: UUID
    unit_code: str
    community_code: str
    area_code: str
    quantity: int
    delivered_quantity: int
    state: str
    issue_id: UUID | None
    issue_no: str | None
    help_no: int | None


class PledgeEvent(Event, about="pledge"):
    """Any fact about a pledge."""

    pledge: PledgeSnapshot


class PledgeMade(PledgeEvent, type="partners.pledge.made.v1"):
    """The unit promised."""


class PledgeContacted(PledgeEvent, type="partners.pledge.contacted.v1"):
    """The unit has spoken with the community about the delivery."""


class PledgeScheduled(PledgeEvent, type="partners.pledge.scheduled.v1"):
    """A time is agreed."""

    scheduled_for: datetime


class PledgeDelivered(PledgeEvent, type="partners.pledge.delivered.v1"):
    """The unit says that it delivered."""


class PledgeConfirmed(PledgeEvent, type="partners.pledge.confirmed.v1"):
    """The receiving side signed for it."""


class PledgeCancelled(PledgeEvent, type="partners.pledge.cancelled.v1"):
    """The unit took the promise back; what was reserved is free again."""

    reason: str
    late: bool


class PledgeNoShow(PledgeEvent, type="partners.pledge.no_show.v1"):
    """The unit did not come and did not say so; what was reserved is free again."""


class PledgeDisputed(PledgeEvent, type="partners.pledge.disputed.v1"):
    """The receiving side does not agree that it was delivered; the community decides."""

    reason: str


class PledgeRated(PledgeEvent, type="partners.pledge.rated.v1"):
    """One side said how it went: `by` is `unit` or `community`, `stars` are 1 to 5."""

    by: str
    stars: int


class CaseCountSnapshot(Snapshot):
    """The cases of one community in a month, which `month` names by its first day."""

    community_code: str
    month: date


class ProgrammeCount(Part):
    """The cases of one programme, or of one reason to help: open now, and looked at again in the month."""

    programme: str
    active: int
    reviewed: int


class CasesCounted(Event, type="partners.case.counted.v1", about="case_count"):
    """A month has ended: how many households are helped, and how many plans were looked at again."""

    case_count: CaseCountSnapshot
    programmes: tuple[ProgrammeCount, ...] = ()
