"""What matching reads from the tables."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.partners.matches.allocation import Pair
from services.partners.matches.models import Match
from services.partners.matches.scoring import NeedFacts, OfferFacts
from services.partners.needs.models import Need
from services.partners.needs.rules import SEEKING
from services.partners.offers.models import Offer
from services.partners.pledges.models import Pledge
from services.partners.settings import Terms
from services.partners.units.models import Unit
from services.partners.units.rules import reliability
from shared.clock import local_date

_USED_WITHIN = timedelta(days=90)
_UNPROMISED = Offer.total - Offer.reserved
_FREE = _UNPROMISED - Offer.proposed
_OFFER = (
    Offer.id, Offer.unit_code, Offer.community_code, Offer.kind, Offer.tags, Offer.measure,
    Offer.min_slice, Offer.valid_from, Offer.valid_to, Offer.area_code, Offer.radius_m, Offer.qualifications,
    Offer.with_minors, Unit.area_code.label("home_area"), Unit.longitude, Unit.latitude, Unit.programmes,
    Unit.confirmed_count, Unit.no_show_count, Unit.late_count,
)  # fmt: skip


async def needs_of(
    session: AsyncSession, need_ids: Collection[UUID], *, lock: bool = False
) -> list[NeedFacts]:
    """Those of the needs that still seek an offer; with `lock` their rows stay ours, in the order of ids."""
    query = select(Need).where(
        Need.id.in_(need_ids), Need.state.in_(SEEKING), Need.open_quantity > Need.proposed
    )
    query = query.order_by(Need.id).execution_options(populate_existing=True)
    if lock:
        query = query.with_for_update(key_share=True)
    return [
        needs_facts(need, wanted=need.open_quantity - need.proposed) for need in await session.scalars(query)
    ]


async def offers_for(
    session: AsyncSession, needs: Sequence[NeedFacts], *, at: datetime, terms: Terms
) -> list[OfferFacts]:
    """The published offers with something left that could serve such needs, those that end first first."""
    kinds = {kind for need_kind in {need.kind for need in needs} for kind in terms.kinds.serving(need_kind)}
    communities = {need.community_code for need in needs}
    query = _market(at).where(Offer.community_code.in_(sorted(communities)), Offer.kind.in_(sorted(kinds)))
    query = query.order_by(Offer.valid_to, Offer.id).limit(terms.rules.candidates * max(1, len(communities)))
    rows = (await session.execute(query)).all()
    return await _offer_facts(session, rows, at=at, terms=terms)


async def offers_of(
    session: AsyncSession,
    offer_ids: Iterable[UUID],
    *,
    at: datetime,
    terms: Terms,
    overbook: bool = False,
) -> list[OfferFacts]:
    """The same of these offers, whose rows stay ours, in the order of ids.

    With `overbook` what stands in open matches counts as free, since nobody has promised it yet.
    """
    query = (
        _market(at, _UNPROMISED if overbook else _FREE)
        .where(Offer.id.in_(sorted(offer_ids)))
        .order_by(Offer.id)
    )
    rows = (await session.execute(query.with_for_update(key_share=True, of=Offer))).all()
    return await _offer_facts(session, rows, at=at, terms=terms)


async def pairs_met(session: AsyncSession, need_ids: Collection[UUID]) -> set[Pair]:
    """The pairs that stand in a match, or once ended in a yes or a no; a lapsed match counts as none."""
    query = select(Match.need_id, Match.offer_id).where(Match.need_id.in_(need_ids), Match.state != "lapsed")
    return {(row.need_id, row.offer_id) for row in await session.execute(query)}


def _market(at: datetime, free: ColumnElement[int] = _FREE) -> Select[*tuple[object, ...]]:
    in_force = or_(Unit.agreement_until.is_(None), Unit.agreement_until >= local_date(at))
    return (
        select(*_OFFER, free.label("free"))
        .join(Unit, Unit.code == Offer.unit_code)
        .where(Offer.state == "published", Offer.valid_to > at, free > 0, Unit.state == "active", in_force)
    )


async def _offer_facts(
    session: AsyncSession, rows: Sequence[Row[*tuple[object, ...]]], *, at: datetime, terms: Terms
) -> list[OfferFacts]:
    units = {row.unit_code for row in rows}
    used: dict[str, int] = {}
    # Who was used least only matters between several.
    if len(units) > 1:
        counted = (
            select(Pledge.unit_code, func.count())
            .where(Pledge.unit_code.in_(sorted(units)), Pledge.created_at > at - _USED_WITHIN)
            .group_by(Pledge.unit_code)
        )
        used = {row[0]: row[1] for row in await session.execute(counted)}
    return [_one_offer(row, used.get(row.unit_code, 0), terms) for row in rows]


def _one_offer(row: Row[*tuple[object, ...]], used: int, terms: Terms) -> OfferFacts:
    kept = reliability(
        row.confirmed_count, row.no_show_count, row.late_count, new_unit=terms.rules.new_unit_reliability
    )
    return OfferFacts(
        id=row.id,
        unit_code=row.unit_code,
        community_code=row.community_code,
        kind=row.kind,
        tags=tuple(row.tags),
        measure=row.measure,
        free=row.free,
        min_slice=row.min_slice,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        area_code=row.area_code,
        radius_m=row.radius_m,
        qualifications=tuple(row.qualifications),
        with_minors=row.with_minors,
        place=None if row.longitude is None or row.latitude is None else (row.longitude, row.latitude),
        home_area=row.home_area,
        provides_programme=bool(row.programmes),
        reliability=kept,
        used=used,
    )


def needs_facts(need: Need, *, wanted: int) -> NeedFacts:
    """What matching knows of the need, of which so much is wanted."""
    return NeedFacts(
        id=need.id,
        community_code=need.community_code,
        area_code=need.area_code,
        kind=need.kind,
        tags=tuple(need.tags),
        measure=need.measure,
        wanted=wanted,
        min_slice=need.min_slice,
        urgency=need.urgency,
        needed_by=need.needed_by,
        created_at=need.created_at,
        missed_rounds=need.missed_rounds,
        blocked_units=tuple(need.blocked_units),
        issue_id=need.issue_id,
        issue_no=need.issue_no,
    )
