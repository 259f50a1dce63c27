"""What a unit can do with its offers."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.partners.history import begin, change
from services.partners.matches.engine import put_on_market
from services.partners.offers.models import Offer
from services.partners.offers.rules import OFFER, missing_qualifications, needs_a_look, nth_day_after
from services.partners.offers.views import OfferContent, OfferForm
from services.partners.records import locked, permit_record
from services.partners.refusals import ExternalRefTaken
from services.partners.settings import Terms
from services.partners.units.commands import unit_in_force
from services.partners.units.models import Unit
from services.partners.units.rules import reliability
from shared.calendar import WorkingCalendar
from shared.clock import local_date, local_midnight
from shared.errors import FieldError, Forbidden, Invalid
from shared.events.partners import OfferPublished, OfferSubmitted, OfferWithdrawn
from shared.service import Work


async def post_offer(work: Work, form: OfferForm) -> tuple[Offer, bool]:
    """Take a unit's offer in, and tell whether it is new.

    Raises `ExternalRefTaken` where the reference stands on another offer, `NotInForce` for a unit that is
    suspended, and `Invalid` for a kind, a place or a time that cannot be.
    """
    code = work.actor().unit
    if code is None:
        raise Forbidden("only a member unit makes offers; use its API key")
    # The unit's row is held, so that of two posts with one reference the second finds the first.
    unit = await unit_in_force(work, code)
    work.permit(unit.community_code)
    known = await _by_reference(work, unit.code, form)
    if known is not None:
        return known, False
    offer = Offer(
        version=1,
        state="draft",
        community_code=unit.community_code,
        created_at=work.now,
        changed_at=work.now,
        unit_code=unit.code,
        reserved=0,
        proposed=0,
        external_ref=form.external_ref,
        fingerprint=form.fingerprint(),
    )
    _fill(work, offer, form)
    work.session.add(offer)
    await work.session.flush()
    begin(work, OFFER, offer, "post")
    if not form.draft:
        await _submit(work, offer, unit)
    return offer, True


async def _by_reference(work: Work, unit_code: str, form: OfferForm) -> Offer | None:
    if form.external_ref is None:
        return None
    query = select(Offer).where(Offer.unit_code == unit_code, Offer.external_ref == form.external_ref)
    known = await work.session.scalar(query)
    if known is not None and known.fingerprint != form.fingerprint():
        raise ExternalRefTaken(
            f"{form.external_ref} stands on your offer {known.id}, which says something else;"
            " take another reference, or change that offer"
        )
    return known


async def edit_offer(work: Work, offer_id: UUID, content: OfferContent) -> Offer:
    """Change an offer that is not on the list yet."""
    offer = await _own(work, offer_id)
    change(work, OFFER, offer, "edit")
    _fill(work, offer, content)
    return offer


async def submit_offer(work: Work, offer_id: UUID) -> Offer:
    """Hand a draft, or what was asked to be changed, to the community."""
    unit_code = work.actor().unit
    unit = await unit_in_force(work, unit_code or "")
    offer = await _own(work, offer_id)
    await _submit(work, offer, unit)
    return offer


async def withdraw_offer(work: Work, offer_id: UUID) -> Offer:
    """Take back what is not promised yet; promises stand."""
    offer = await _own(work, offer_id)
    change(work, OFFER, offer, "withdraw")
    work.emit(OfferWithdrawn(offer=offer.snapshot()))
    return offer


async def _own(work: Work, offer_id: UUID) -> Offer:
    offer = await locked(work, Offer, offer_id)
    permit_record(work, unit_code=offer.unit_code, area_code=offer.community_code)
    work.expect(offer.version)
    return offer


async def _submit(work: Work, offer: Offer, unit: Unit) -> None:
    terms = work.part(Terms)
    change(work, OFFER, offer, "submit")
    work.emit(OfferSubmitted(offer=offer.snapshot()))
    kept = reliability(
        unit.confirmed_count,
        unit.no_show_count,
        unit.late_count,
        new_unit=terms.rules.new_unit_reliability,
    )
    kind = terms.kinds.of(offer.kind)
    looked_at = needs_a_look(
        kind,
        at_home=offer.at_home,
        with_minors=offer.with_minors,
        good_standing=kept >= terms.rules.good_standing_reliability,
    )
    missing = missing_qualifications(kind, offer.tags, offer.qualifications, with_minors=offer.with_minors)
    if looked_at or missing:
        is_working = work.part(WorkingCalendar).is_working_day
        last = nth_day_after(local_date(work.now), terms.rules.review_working_days, is_working)
        offer.review_due = local_midnight(last + timedelta(days=1))
    else:
        await list_offer(work, offer)


async def list_offer(work: Work, offer: Offer) -> None:
    """Put an offer on the service list and look for needs that it serves. Call it last in a use case."""
    change(work, OFFER, offer, "publish")
    offer.review_due = offer.review_reason = offer.review_note = None
    work.emit(OfferPublished(offer=offer.snapshot()))
    await put_on_market(work, offer)


def _fill(work: Work, offer: Offer, content: OfferContent) -> None:
    terms = work.part(Terms)
    if content.kind not in terms.kinds.root:
        _refuse("kind", f"must be one of {', '.join(sorted(terms.kinds.root))}")
    if content.valid_to <= work.now:
        _refuse("valid_to", "must lie ahead")
    area_code = content.area_code or offer.community_code
    if not area_code.startswith(offer.community_code):
        _refuse("area_code", f"must lie in your community, {offer.community_code}")
    for name, value in content.model_dump(exclude={"external_ref", "draft"}).items():
        setattr(offer, name, list(value) if isinstance(value, tuple) else value)
    offer.area_code, offer.valid_from = area_code, content.valid_from or work.now


def _refuse(field: str, message: str) -> None:
    raise Invalid(f"{field}: {message}", fields=[FieldError(field, message)])
