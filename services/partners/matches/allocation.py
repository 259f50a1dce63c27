"""Which offers are proposed for which needs: the best pairs first, never more than is needed or there."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.partners.matches.scoring import (
    EMERGENCY,
    NeedFacts,
    OfferFacts,
    band,
    lasting_points,
    obstacle,
    quantity_points,
    total,
    waiting_points,
)
from services.partners.settings import Terms

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Proposal:
    """So much of one offer for one need; `reasons` are the points behind `score`."""

    need: NeedFacts
    offer: OfferFacts
    quantity: int
    score: float
    reasons: dict[str, float]
    band: str


@dataclass(slots=True)
class Allocation:
    """What is proposed, and by need why no more could be."""

    proposals: list[Proposal]
    holds: dict[UUID, dict[str, object]]


@dataclass(slots=True)
class _Candidate:
    need: NeedFacts
    offer: OfferFacts
    points: dict[str, float]
    rank: float


def allocate(
    needs: Sequence[NeedFacts],
    offers: Sequence[OfferFacts],
    *,
    at: datetime,
    terms: Terms,
    met: Collection[Pair] = frozenset(),
) -> Allocation:
    """Pair needs with offers by score; among equals the older need, then the unit used least (domain.md §7).

    A pair in `met` (need, offer) has met before and is left out.
    """
    obstacles: dict[UUID, Counter[str]] = {need.id: Counter() for need in needs}
    candidates = _candidates(needs, offers, obstacles, at=at, terms=terms, met=met)
    candidates.sort(key=lambda one: (-one.rank, one.need.created_at, one.offer.used, str(one.offer.id)))
    wanted = {need.id: need.wanted for need in needs}
    proposals = _hand_out(candidates, wanted, obstacles, terms)
    held = [need for need in needs if wanted[need.id] > 0]
    return Allocation(proposals, {need.id: _why(need, obstacles[need.id]) for need in held})


def _candidates(
    needs: Sequence[NeedFacts],
    offers: Sequence[OfferFacts],
    obstacles: dict[UUID, Counter[str]],
    *,
    at: datetime,
    terms: Terms,
    met: Collection[Pair],
) -> list[_Candidate]:
    # Needs of one batch are often alike, and most of the work is then the same.
    known: dict[tuple[object, ...], list[tuple[OfferFacts, str | None, dict[str, float], float]]] = {}
    found = []
    for need in needs:
        judged = known.get(need.likeness)
        if judged is None:
            judged = known[need.likeness] = [_judge(need, offer, at=at, terms=terms) for offer in offers]
        waiting = waiting_points(need, at=at, terms=terms)
        for offer, hindrance, points, lasting in judged:
            reason = "met_before" if (need.id, offer.id) in met else hindrance
            if reason is not None:
                obstacles[need.id][reason] += 1
                continue
            given = quantity_points(min(offer.free, need.wanted), need.wanted, terms=terms)
            found.append(
                _Candidate(need, offer, {**points, "waiting": waiting}, round(lasting + waiting + given, 1))
            )
    return found


def _judge(
    need: NeedFacts, offer: OfferFacts, *, at: datetime, terms: Terms
) -> tuple[OfferFacts, str | None, dict[str, float], float]:
    hindrance = obstacle(need, offer, at=at, terms=terms)
    points = {} if hindrance else lasting_points(need, offer, at=at, terms=terms)
    return offer, hindrance, points, sum(points.values())


def _hand_out(
    candidates: Sequence[_Candidate],
    wanted: dict[UUID, int],
    obstacles: dict[UUID, Counter[str]],
    terms: Terms,
) -> list[Proposal]:
    free = {one.offer.id: one.offer.free for one in candidates}
    parts: Counter[UUID] = Counter()
    proposals = []
    for one in candidates:
        need, offer = one.need, one.offer
        given = min(free[offer.id], wanted[need.id])
        if wanted[need.id] == 0 or parts[need.id] == terms.rules.splits:
            continue
        if given < max(1, need.min_slice, offer.min_slice):
            obstacles[need.id]["quantity"] += 1
            continue
        points = {**one.points, "quantity": quantity_points(given, wanted[need.id], terms=terms)}
        score = total(points)
        if band(score, terms) == "hold":
            obstacles[need.id]["score"] += 1
            continue
        reasons = {name: round(value, 2) for name, value in points.items()}
        proposals.append(Proposal(need, offer, given, score, reasons, band(score, terms)))
        free[offer.id] -= given
        wanted[need.id] -= given
        parts[need.id] += 1
    return proposals


def _why(need: NeedFacts, obstacles: Counter[str]) -> dict[str, object]:
    if need.urgency == EMERGENCY:
        return {"why": "emergency"}
    if not obstacles:
        return {"why": "no_offer"}
    return {"why": "no_offer_fits", "obstacles": dict(sorted(obstacles.items()))}
