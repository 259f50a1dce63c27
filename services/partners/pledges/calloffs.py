"""Promises that nobody waits for any more."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from services.partners.history import change
from services.partners.needs.models import Need
from services.partners.needs.rules import LIVE
from services.partners.offers.models import Offer
from services.partners.pledges.commands import release
from services.partners.pledges.models import Pledge
from services.partners.pledges.rules import AHEAD, PLEDGE
from services.partners.records import locked_all
from shared.events.partners import PledgeCancelled
from shared.service import Work

REASON = "need_withdrawn"


async def call_off_pledges(work: Work, need_ids: Collection[UUID]) -> None:
    """Cancel what is promised and not yet given to needs that are over, without blame for the units."""
    query = select(Pledge).where(Pledge.need_id.in_(need_ids), Pledge.state.in_(AHEAD))
    ahead = (await work.session.scalars(query)).all()
    offers = {one.id: one for one in await locked_all(work, Offer, [pledge.offer_id for pledge in ahead])}
    needs = {one.id: one for one in await locked_all(work, Need, [pledge.need_id for pledge in ahead])}
    for pledge in await locked_all(work, Pledge, [pledge.id for pledge in ahead]):
        need = needs[pledge.need_id]
        if pledge.state not in AHEAD or need.state in LIVE:
            continue
        change(work, PLEDGE, pledge, "cancel", reason=REASON)
        pledge.closed_reason = REASON
        release(work, offers[pledge.offer_id], need, pledge)
        work.emit(PledgeCancelled(pledge=pledge.snapshot(), reason=REASON, late=False))
