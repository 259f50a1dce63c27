"""Matches that have lost their ground, and how their needs find another."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from services.partners.history import change
from services.partners.matches.commands import let_go
from services.partners.matches.engine import seek
from services.partners.matches.models import OPEN, Match
from services.partners.matches.rules import MATCH
from services.partners.needs.models import Need
from services.partners.needs.rules import SEEKING
from services.partners.offers.models import Offer
from services.partners.records import locked_all
from services.partners.settings import Terms
from shared.events.partners import MatchLapsed
from shared.service import Work

_AT_ONCE = 200


async def lapse_matches_of(
    work: Work,
    *,
    needs: Collection[UUID] = (),
    offers: Collection[UUID] = (),
    units: Collection[str] = (),
) -> None:
    """End the open matches of these that cannot be accepted any more, whatever the reason is."""
    await _lapse(
        work, or_(Match.need_id.in_(needs), Match.offer_id.in_(offers), Match.unit_code.in_(units)), units
    )


async def lapse_unanswered(work: Work) -> None:
    """End the matches to which a unit has not said yes or no in time."""
    asked_before = work.now - timedelta(days=work.part(Terms).rules.answer_days)
    await _lapse(work, (Match.state == "offered") & (Match.offered_at <= asked_before), (), overdue=True)


async def _lapse(
    work: Work, which: ColumnElement[bool], units: Collection[str], *, overdue: bool = False
) -> None:
    await work.session.flush()
    query = select(Match.id, Match.offer_id, Match.need_id).where(Match.state.in_(OPEN), which)
    rows = (await work.session.execute(query)).all()
    offers = {one.id: one for one in await locked_all(work, Offer, [row.offer_id for row in rows])}
    needs = {one.id: one for one in await locked_all(work, Need, [row.need_id for row in rows])}
    for match in await locked_all(work, Match, [row.id for row in rows]):
        offer, need = offers[match.offer_id], needs[match.need_id]
        reason = "unanswered" if overdue else _ground_lost(match, offer, need, units)
        if match.state in OPEN and reason is not None:
            change(work, MATCH, match, "lapse", reason=reason)
            match.closed_reason = reason
            let_go(match, offer, need)
            work.emit(MatchLapsed(match=match.snapshot()))


def _ground_lost(match: Match, offer: Offer, need: Need, units: Collection[str]) -> str | None:
    grounds = (
        (f"offer_{offer.state}", offer.state != "published"),
        (f"need_{need.state}", need.state not in SEEKING),
        ("unit_suspended", match.unit_code in units),
        ("need_covered", match.quantity > need.open_quantity),
        ("offer_exhausted", match.quantity > offer.free),
    )
    return next((reason for reason, holds in grounds if holds), None)


async def seek_again(work: Work, need_ids: Collection[UUID], communities: Collection[str]) -> None:
    """Look for offers for these needs, and for others around them that what is free now may serve."""
    waiting = (
        select(Need.id)
        .where(
            Need.community_code.in_(communities), Need.state.in_(SEEKING), Need.open_quantity > Need.proposed
        )
        .order_by(Need.urgency, Need.created_at)
        .limit(_AT_ONCE)
    )
    await seek(work, {*need_ids, *await work.session.scalars(waiting)})


async def seek_for_waiting(work: Work) -> None:
    """Try those needs again that were tried longest ago: waiting adds to their score."""
    waiting = (
        select(Need.id)
        .where(Need.state.in_(SEEKING), Need.open_quantity > Need.proposed, Need.tried_at < work.now)
        .order_by(Need.tried_at)
        .limit(_AT_ONCE)
    )
    need_ids = (await work.session.scalars(waiting)).all()
    if need_ids:
        await seek(work, need_ids)
