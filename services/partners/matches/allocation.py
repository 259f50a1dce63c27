"""Which offers are proposed for which needs: the best pairs first, never more than is needed or there."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
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


class _Judged(NamedTuple):
    """An offer against all needs that are alike; `order` is its place among equals."""

    order: int
    offer: OfferFacts
    obstacle: str | None
    points: dict[str, float]
    sum: float


class _Candidate(NamedTuple):
    """A pair; its first four fields are what the best pairs come first by, and no two pairs share them."""

    rank: float
    since: datetime
    need_order: int
    offer_order: int
    need: NeedFacts
    judged: _Judged
    waiting: float


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
    wanted = {need.id: need.wanted for need in needs}
    proposals = _hand_out(sorted(candidates), wanted, obstacles, terms)
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
    in_order = sorted(offers, key=lambda offer: (offer.used, str(offer.id)))
    # Needs of one batch are often alike, and most of the work is then the same.
    known: dict[tuple[object, ...], list[_Judged]] = {}
    found = []
    for need_order, need in enumerate(needs):
        judged = known.get(need.likeness)
        if judged is None:
            judged = known[need.likeness] = _judge(need, in_order, at=at, terms=terms)
        waiting = waiting_points(need, at=at, terms=terms)
        for one in judged:
            reason = "met_before" if (need.id, one.offer.id) in met else one.obstacle
            if reason is not None:
                obstacles[need.id][reason] += 1
                continue
            given = quantity_points(min(one.offer.free, need.wanted), need.wanted, terms=terms)
            rank = -round(one.sum + waiting + given, 1)
            found.append(_Candidate(rank, need.created_at, need_order, one.order, need, one, waiting))
    return found


def _judge(need: NeedFacts, offers: Sequence[OfferFacts], *, at: datetime, terms: Terms) -> list[_Judged]:
    judged = []
    for order, offer in enumerate(offers):
        hindrance = obstacle(need, offer, at=at, terms=terms)
        points = {} if hindrance else lasting_points(need, offer, at=at, terms=terms)
        judged.append(_Judged(order, offer, hindrance, points, sum(points.values())))
    return judged


def _hand_out(
    candidates: Sequence[_Candidate],
    wanted: dict[UUID, int],
    obstacles: dict[UUID, Counter[str]],
    terms: Terms,
) -> list[Proposal]:
    free = {one.judged.offer.id: one.judged.offer.free for one in candidates}
    parts: Counter[UUID] = Counter()
    proposals = []
    for one in candidates:
        need, offer = one.need, one.judged.offer
        if wanted[need.id] == 0 or parts[need.id] == terms.rules.splits:
            continue
        given = min(free[offer.id], wanted[need.id])
        if given < max(1, need.min_slice, offer.min_slice):
            obstacles[need.id]["quantity"] += 1
            continue
        quantity = quantity_points(given, wanted[need.id], terms=terms)
        points = {**one.judged.points, "quantity": quantity, "waiting": one.waiting}
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
