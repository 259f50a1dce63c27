"""Proposes offers for needs: when a need or an offer is published, and when something is free again.

Rows are locked in one order everywhere: unit, offers, needs, matches, pledges; rows of a kind by id.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select, update
from uuid_utils.compat import uuid7

from services.partners.matches.allocation import Proposal, allocate
from services.partners.matches.facts import needs_of, offers_for, offers_of, pairs_met
from services.partners.matches.models import Match
from services.partners.matches.scoring import OfferFacts
from services.partners.needs.models import Need
from services.partners.needs.rules import SEEKING
from services.partners.offers.models import Offer
from services.partners.settings import Terms
from shared import bulk
from shared.db import Json
from shared.events import Event
from shared.events.partners import MatchOffered, MatchProposed, MatchSnapshot
from shared.service import Work

MATCHES, NEEDS, OFFERS = (cast(Table, model.__table__) for model in (Match, Need, Offer))
_TAKE_FROM_OFFER = (
    update(OFFERS)
    .where(OFFERS.c.id == bindparam("offer"))
    .values(proposed=OFFERS.c.proposed + bindparam("taken"))
)
_NOTE_ON_NEED = (
    update(NEEDS)
    .where(NEEDS.c.id == bindparam("need"))
    .values(
        proposed=NEEDS.c.proposed + bindparam("taken"),
        hold=bindparam("why", type_=Json),
        tried_at=bindparam("at", type_=NEEDS.c.tried_at.type),
    )
)

Holds = Mapping[UUID, dict[str, object]]
Because = Callable[[UUID], Event | None]


async def seek(work: Work, need_ids: Collection[UUID]) -> None:
    """Propose offers for those of these needs that still want something. Call it last in a use case."""
    terms = work.part(Terms)
    await work.session.flush()
    wanting = await needs_of(work.session, need_ids)
    if not wanting:
        return
    offers = await offers_for(work.session, wanting, at=work.now, terms=terms)
    met = await pairs_met(work.session, need_ids)
    # What is read without a lock only says which rows to lock for the thought that counts.
    thought = allocate(wanting, offers, at=work.now, terms=terms, met=met)
    chosen = {one.offer.id for one in thought.proposals}
    fresh = await offers_of(work.session, chosen, at=work.now, terms=terms) if chosen else []
    await _settle(work, [need.id for need in wanting], fresh, thought.holds)


async def put_on_market(work: Work, offer: Offer) -> None:
    """Propose a published offer for the needs it can serve. The caller holds its row; call it last."""
    terms = work.part(Terms)
    await work.session.flush()
    offers = await offers_of(work.session, [offer.id], at=work.now, terms=terms)
    served = terms.kinds.of(offer.kind).serves or (offer.kind,)
    query = (
        select(Need.id)
        .where(
            Need.community_code == offer.community_code,
            Need.kind.in_(served),
            Need.state.in_(SEEKING),
            Need.open_quantity > Need.proposed,
        )
        .order_by(Need.urgency, Need.created_at)
        .limit(terms.rules.candidates)
    )
    need_ids = (await work.session.scalars(query)).all()
    if offers and need_ids:
        await _settle(work, need_ids, offers, {})


async def _settle(
    work: Work, need_ids: Collection[UUID], offers: Sequence[OfferFacts], thought: Holds
) -> None:
    terms = work.part(Terms)
    needs = await needs_of(work.session, need_ids, lock=True)
    met = await pairs_met(work.session, need_ids)
    found = allocate(needs, offers, at=work.now, terms=terms, met=met)
    await place(work, found.proposals)
    given: Counter[UUID] = Counter()
    for one in found.proposals:
        given[one.need.id] += one.quantity
    holds = {**found.holds, **{need: why for need, why in thought.items() if need in found.holds}}
    notes = [
        {"need": need.id, "taken": given[need.id], "why": holds.get(need.id), "at": work.now}
        for need in needs
    ]
    if notes:
        await work.session.execute(_NOTE_ON_NEED, notes)


async def place(work: Work, proposals: Sequence[Proposal], because: Because = lambda _: None) -> None:
    """Store proposals as matches and say so; `because` names the event behind a need.

    The needs' own `proposed` is the caller's to keep.
    """
    if not proposals:
        return
    taken: Counter[UUID] = Counter()
    for one in proposals:
        taken[one.offer.id] += one.quantity
    changes = [{"offer": offer, "taken": quantity} for offer, quantity in sorted(taken.items())]
    await work.session.execute(_TAKE_FROM_OFFER, changes)
    auto_offer = work.part(Terms).rules.auto_offer
    rows = []
    for one in proposals:
        offered = auto_offer and one.band == "auto"
        snapshot = _snapshot(one)
        work.emit(MatchProposed(match=snapshot), because=because(one.need.id))
        if offered:
            snapshot = snapshot.model_copy(update={"version": 2, "state": "offered"})
            work.emit(MatchOffered(match=snapshot), because=because(one.need.id))
        rows.append({
            **dict(snapshot),
            "band": one.band,
            "offered_at": work.now if offered else None,
            "closed_reason": None,
            "created_at": work.now,
            "changed_at": work.now,
        })
    await bulk.insert(work.session, MATCHES, rows)


def _snapshot(one: Proposal) -> MatchSnapshot:
    return MatchSnapshot(
        id=uuid7(),
        version=1,
        need_id=one.need.id,
        offer_id=one.offer.id,
        unit_code=one.offer.unit_code,
        community_code=one.need.community_code,
        area_code=one.need.area_code,
        quantity=one.quantity,
        score=one.score,
        reasons=one.reasons,
        state="proposed",
        issue_id=one.need.issue_id,
        issue_no=one.need.issue_no,
    )
