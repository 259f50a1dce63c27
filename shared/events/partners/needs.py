"""What is needed, and how the two meet."""

from uuid import UUID

from shared.events.base import Event, Snapshot


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
