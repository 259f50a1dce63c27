"""What units promise, bring, and are thanked for."""

from datetime import datetime
from uuid import UUID

from shared.events.base import Event, Snapshot


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
