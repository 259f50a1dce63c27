"""How well an offer would serve a need: hard rules first, then points out of 100 (domain.md §7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from services.partners.offers.rules import missing_qualifications
from services.partners.settings import Terms

_EARTH_RADIUS_M = 6_371_008.8
EMERGENCY = "U0"

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedFacts:
    """What matching knows of a need; `wanted` is what neither a pledge nor an open match covers."""

    id: UUID
    community_code: str
    area_code: str
    kind: str
    tags: tuple[str, ...]
    measure: str
    wanted: int
    min_slice: int
    urgency: str
    needed_by: datetime | None
    created_at: datetime
    missed_rounds: int = 0
    blocked_units: tuple[str, ...] = ()
    issue_id: UUID | None = None
    issue_no: str | None = None

    @property
    def likeness(self) -> tuple[object, ...]:
        """Needs that are alike in this have the same points but for quantity and waiting."""
        what = (self.kind, self.tags, self.measure)
        return (*what, self.area_code, self.urgency, self.needed_by, self.blocked_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFacts:
    """What matching knows of a published offer and of its unit, which is a member in force."""

    id: UUID
    unit_code: str
    community_code: str
    kind: str
    tags: tuple[str, ...]
    measure: str
    free: int
    min_slice: int
    valid_from: datetime
    valid_to: datetime
    area_code: str
    radius_m: int | None
    qualifications: tuple[str, ...]
    with_minors: bool
    place: Place | None
    home_area: str
    provides_programme: bool
    reliability: float
    used: int


def distance_m(one: Place, other: Place) -> float:
    """Metres between two points (longitude, latitude) on the sphere."""
    (lon1, lat1), (lon2, lat2) = (tuple(map(radians, place)) for place in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * asin(sqrt(half))


def distance_between(need: NeedFacts, offer: OfferFacts, terms: Terms) -> float | None:
    """Metres from the unit's place to the middle of the need's area, or None where one is not known."""
    there = terms.places.of(need.area_code)
    return None if there is None or offer.place is None else distance_m(there, offer.place)


def obstacle(need: NeedFacts, offer: OfferFacts, *, at: datetime, terms: Terms) -> str | None:
    """The first hard rule that keeps the two apart, by its code, or None."""
    kind = terms.kinds.of(offer.kind)
    missing = missing_qualifications(kind, offer.tags, offer.qualifications, with_minors=offer.with_minors)
    metres = distance_between(need, offer, terms)
    rules = (
        ("emergency", need.urgency == EMERGENCY),
        ("community", need.community_code != offer.community_code),
        ("kind", need.kind not in (kind.serves or (offer.kind,))),
        ("measure", need.measure != offer.measure),
        ("qualification", bool(missing)),
        ("programme", kind.programme_only and not offer.provides_programme),
        ("blocked", offer.unit_code in need.blocked_units),
        ("area", not need.area_code.startswith(offer.area_code)),
        ("distance", metres is not None and metres > (offer.radius_m or terms.rules.radius_m)),
        ("window", window_share(need, offer, at=at) <= 0),
    )
    return next((code for code, stands in rules if stands), None)


def window_share(need: NeedFacts, offer: OfferFacts, *, at: datetime) -> float:
    """How much of the time in which the need can be met the offer is good, 0 to 1."""
    until = need.needed_by or offer.valid_to
    opens, closes = max(at, offer.valid_from), min(until, offer.valid_to)
    if closes <= opens:
        return 0.0
    return (closes - opens) / (until - at) if need.needed_by is not None else 1.0


def lasting_points(need: NeedFacts, offer: OfferFacts, *, at: datetime, terms: Terms) -> dict[str, float]:
    """The points that do not depend on how much is left, nor on how long the need has waited."""
    rules, weights = terms.rules, terms.rules.weights
    metres = distance_between(need, offer, terms)
    near = rules.unknown_distance if metres is None else max(0.0, 1 - metres / rules.radius_m)
    tags = len(set(need.tags) & set(offer.tags)) / len(set(need.tags)) if need.tags else 1.0
    same_grid = len(need.area_code) >= 15 and need.area_code[:15] == offer.home_area[:15]
    return {
        "tags": weights.tags * tags,
        "time": weights.time * window_share(need, offer, at=at),
        "distance": weights.distance * near,
        "urgency": weights.urgency * rules.urgency[need.urgency],
        "reliability": weights.reliability * offer.reliability,
        "same_grid": weights.same_grid * same_grid,
    }


def waiting_points(need: NeedFacts, *, at: datetime, terms: Terms) -> float:
    """Points for whole days waited, and for rounds in which nobody claimed the need."""
    rules = terms.rules
    days = (at - need.created_at).days + rules.waiting_days_per_missed_round * need.missed_rounds
    return rules.weights.waiting * min(1.0, days / rules.waiting_full_days)


def quantity_points(given: int, wanted: int, *, terms: Terms) -> float:
    """Points for how much of what is wanted the offer covers."""
    return terms.rules.weights.quantity * given / wanted


def total(points: Mapping[str, float]) -> float:
    """The score, to one decimal."""
    return round(sum(points.values()), 1)


def score(need: NeedFacts, offer: OfferFacts, *, at: datetime, terms: Terms) -> dict[str, float]:
    """All points of the pair, by reason."""
    return {
        **lasting_points(need, offer, at=at, terms=terms),
        "quantity": quantity_points(min(offer.free, need.wanted), need.wanted, terms=terms),
        "waiting": waiting_points(need, at=at, terms=terms),
    }


def band(points: float, terms: Terms) -> str:
    """`auto`, `clerk` or `hold`."""
    bands = terms.rules.bands
    if points >= bands.auto:
        return "auto"
    return "clerk" if points >= bands.clerk else "hold"
