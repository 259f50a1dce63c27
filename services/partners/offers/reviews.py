"""What the community can do with offers: look at them, list them, send them back, take them off."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.partners.forms import Reason
from services.partners.history import change
from services.partners.offers.commands import list_offer
from services.partners.offers.models import Offer
from services.partners.offers.rules import OFFER, missing_qualifications
from services.partners.records import (
    found,
    is_unit,
    locked,
    newest,
    permit_community,
    permit_record,
    within_community,
)
from services.partners.refusals import QualificationMissing
from services.partners.settings import Terms
from services.partners.units.commands import unit_in_force
from shared.errors import Absent
from shared.events.partners import OfferExpired, OfferRejected, OfferReturned, OfferSuspended
from shared.service import Work
from shared.web import Page

SHOWN_TO_GRID = ("published", "exhausted")
_AT_ONCE = 200


async def review_offer(work: Work, offer_id: UUID) -> Offer:
    """Take an offer up, so that colleagues see that somebody looks at it."""
    offer = await _for_review(work, offer_id)
    change(work, OFFER, offer, "review")
    return offer


async def publish_offer(work: Work, offer_id: UUID) -> Offer:
    """Put the offer on the list, first or again. Raises `QualificationMissing`, `NotInForce`."""
    peeked = await found(work, Offer, offer_id)
    permit_record(work, unit_code=peeked.unit_code, area_code=peeked.community_code)
    await unit_in_force(work, peeked.unit_code)
    offer = await _for_review(work, offer_id)
    OFFER.step(offer.state, "publish")
    kind = work.part(Terms).kinds.of(offer.kind)
    missing = missing_qualifications(kind, offer.tags, offer.qualifications, with_minors=offer.with_minors)
    if missing:
        raise QualificationMissing(
            f"the unit has not shown: {', '.join(missing)}; send the offer back with needs-changes"
        )
    await list_offer(work, offer)
    return offer


async def reject_offer(work: Work, offer_id: UUID, form: Reason) -> Offer:
    """Say for good that the community cannot use the offer."""
    offer = await _judged(work, offer_id, "reject", form)
    work.emit(OfferRejected(offer=offer.snapshot(), reason=form.reason))
    return offer


async def return_offer(work: Work, offer_id: UUID, form: Reason) -> Offer:
    """Ask the unit to change the offer and to submit it again."""
    offer = await _judged(work, offer_id, "needs-changes", form)
    work.emit(OfferReturned(offer=offer.snapshot(), reason=form.reason))
    return offer


async def suspend_offer(work: Work, offer_id: UUID, form: Reason) -> Offer:
    """Take the offer off the list for a while; promises stand."""
    offer = await _judged(work, offer_id, "suspend", form)
    work.emit(OfferSuspended(offer=offer.snapshot(), reason=form.reason))
    return offer


async def expire_offers(work: Work) -> None:
    """End the offers whose time is over, some hundreds at once."""
    ending = OFFER.leading("expire")
    query = select(Offer).where(Offer.state.in_(ending), Offer.valid_to <= work.now).order_by(Offer.id)
    locked_rows = query.limit(_AT_ONCE).with_for_update(key_share=True, skip_locked=True)
    offers = (await work.session.scalars(locked_rows)).all()
    for offer in offers:
        change(work, OFFER, offer, "expire")
        work.emit(OfferExpired(offer=offer.snapshot()))


async def get_offer(work: Work, offer_id: UUID) -> Offer:
    """The offer, for its unit, for clerks, and once it is listed for the grids of the community."""
    offer = await found(work, Offer, offer_id)
    caller = work.actor()
    if is_unit(caller):
        permit_record(work, unit_code=offer.unit_code, area_code=offer.community_code)
        return offer
    permit_community(work, offer.community_code)
    if offer.state not in SHOWN_TO_GRID and not caller.covers(offer.community_code):
        raise Absent(f"there is no offer {offer_id}")
    return offer


async def list_offers(
    work: Work, page: Page[str], *, state: str | None, kind: str | None, unit_code: str | None
) -> Sequence[Offer]:
    """A unit's own offers, or those of the community, the newest first."""
    caller, areas = work.actor(), work.areas()
    query = select(Offer).where(within_community(Offer.community_code, areas))
    if is_unit(caller):
        query = query.where(Offer.unit_code == caller.unit)
    elif not any(len(area) <= 12 for area in areas):
        query = query.where(Offer.state.in_(SHOWN_TO_GRID))
    for column, value in ((Offer.state, state), (Offer.kind, kind), (Offer.unit_code, unit_code)):
        if value is not None:
            query = query.where(column == value)
    return await newest(work, query, Offer, page)


async def _judged(work: Work, offer_id: UUID, command: str, form: Reason) -> Offer:
    offer = await _for_review(work, offer_id)
    change(work, OFFER, offer, command, reason=form.reason, note=form.note)
    offer.review_reason, offer.review_note, offer.review_due = form.reason, form.note, None
    return offer


async def _for_review(work: Work, offer_id: UUID) -> Offer:
    offer = await locked(work, Offer, offer_id)
    work.permit(offer.community_code)
    work.expect(offer.version)
    return offer
