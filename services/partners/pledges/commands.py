"""What units and staff can do with a pledge, up to the signature and the rating."""

from uuid import UUID

from services.partners.forms import Reason
from services.partners.history import change
from services.partners.needs.models import Need
from services.partners.needs.rules import NEED
from services.partners.offers.models import Offer
from services.partners.pledges.models import Pledge
from services.partners.pledges.promises import cover, free
from services.partners.pledges.queries import get_pledge
from services.partners.pledges.rules import PLEDGE, is_late
from services.partners.pledges.views import ConfirmForm, DeliverForm, RatingForm, ScheduleForm
from services.partners.records import is_unit, locked
from services.partners.refusals import AlreadyRated
from services.partners.settings import Terms
from services.partners.units.commands import find_unit
from services.partners.units.models import Unit
from shared.errors import Absent, FieldError, Invalid
from shared.events.partners import (
    NeedFulfilled,
    PledgeCancelled,
    PledgeConfirmed,
    PledgeContacted,
    PledgeDelivered,
    PledgeDisputed,
    PledgeNoShow,
    PledgeRated,
    PledgeScheduled,
)
from shared.service import Work


async def note_contact(work: Work, pledge_id: UUID) -> Pledge:
    """Note that unit and community have spoken."""
    pledge = await _held(work, pledge_id)
    change(work, PLEDGE, pledge, "contact")
    work.emit(PledgeContacted(pledge=pledge.snapshot()))
    return pledge


async def schedule_pledge(work: Work, pledge_id: UUID, form: ScheduleForm) -> Pledge:
    """Agree on a time, first or anew. Raises `Invalid` for one that is past."""
    pledge = await _held(work, pledge_id)
    change(work, PLEDGE, pledge, "schedule")
    if form.at < work.now:
        _refuse("at", "must lie ahead")
    pledge.scheduled_for = form.at
    work.emit(PledgeScheduled(pledge=pledge.snapshot(), scheduled_for=form.at))
    return pledge


async def deliver_pledge(work: Work, pledge_id: UUID, form: DeliverForm) -> Pledge:
    """The unit says what it brought; what is missing goes back to the need and to the offer."""
    offer, need, pledge = await _held_with_ends(work, pledge_id)
    if form.quantity > pledge.quantity:
        _refuse("quantity", f"must not exceed what you promised, {pledge.quantity}")
    rest = pledge.quantity - form.quantity
    change(work, PLEDGE, pledge, "deliver-partly" if rest else "deliver")
    pledge.delivered_quantity, pledge.delivered_at = form.quantity, work.now
    if rest:
        free(work, offer, rest)
        cover(work, need, need.open_quantity + rest)
    work.emit(PledgeDelivered(pledge=pledge.snapshot()))
    return pledge


async def confirm_pledge(work: Work, pledge_id: UUID, form: ConfirmForm) -> Pledge:
    """The receiving side signs. Received less than the unit says: the difference is needed again."""
    unit = await _unit_of(work, pledge_id)
    _, need, pledge = await _held_with_ends(work, pledge_id)
    PLEDGE.step(pledge.state, "confirm")
    received = form.received or pledge.delivered_quantity
    if received > pledge.delivered_quantity:
        _refuse("received", f"must not exceed what was delivered, {pledge.delivered_quantity}")
    variance = pledge.delivered_quantity - received
    pledge.delivered_quantity, pledge.confirmed_at = received, work.now
    pledge.confirmed_by = work.actor().subject
    change(work, PLEDGE, pledge, "confirm", note=form.note)
    unit.confirmed_count += 1
    work.emit(PledgeConfirmed(pledge=pledge.snapshot()))
    need.confirmed_quantity += received
    if variance:
        cover(work, need, need.open_quantity + variance)
    if need.confirmed_quantity == need.quantity and "fulfil" in NEED.transitions[need.state]:
        change(work, NEED, need, "fulfil")
        work.emit(NeedFulfilled(need=need.snapshot()))
    return pledge


async def dispute_pledge(work: Work, pledge_id: UUID, form: Reason) -> Pledge:
    """The receiving side does not agree; the community decides by `confirm` or `no-show`."""
    pledge = await _held(work, pledge_id)
    change(work, PLEDGE, pledge, "dispute", reason=form.reason, note=form.note)
    work.emit(PledgeDisputed(pledge=pledge.snapshot(), reason=form.reason))
    return pledge


async def cancel_pledge(work: Work, pledge_id: UUID, form: Reason) -> Pledge:
    """Take a promise back. Shortly before the agreed time, and by the unit, it counts against it."""
    unit = await _unit_of(work, pledge_id)
    offer, need, pledge = await _held_with_ends(work, pledge_id)
    notice = work.part(Terms).rules.late_notice
    late = is_unit(work.actor()) and is_late(pledge.scheduled_for, work.now, notice)
    change(work, PLEDGE, pledge, "cancel-late" if late else "cancel", reason=form.reason, note=form.note)
    pledge.closed_reason = form.reason
    unit.late_count += late
    release(work, offer, need, pledge)
    work.emit(PledgeCancelled(pledge=pledge.snapshot(), reason=form.reason, late=late))
    return pledge


async def note_no_show(work: Work, pledge_id: UUID) -> Pledge:
    """Note that the unit did not come and did not say so."""
    unit = await _unit_of(work, pledge_id)
    offer, need, pledge = await _held_with_ends(work, pledge_id)
    change(work, PLEDGE, pledge, "no-show")
    unit.no_show_count += 1
    release(work, offer, need, pledge)
    pledge.delivered_quantity = 0
    work.emit(PledgeNoShow(pledge=pledge.snapshot()))
    return pledge


async def rate_pledge(work: Work, pledge_id: UUID, form: RatingForm) -> Pledge:
    """Each side says once how it went; when both have, the pledge is closed."""
    pledge = await _held(work, pledge_id)
    by_unit = is_unit(work.actor())
    if (pledge.unit_stars if by_unit else pledge.community_stars) is not None:
        raise AlreadyRated("the other side has not yet")
    change(work, PLEDGE, pledge, "rate", note=form.note)
    if by_unit:
        pledge.unit_stars = form.stars
    else:
        pledge.community_stars = form.stars
    by = "unit" if by_unit else "community"
    work.emit(PledgeRated(pledge=pledge.snapshot(), by=by, stars=form.stars))
    return pledge


def release(work: Work, offer: Offer, need: Need, pledge: Pledge) -> None:
    """Give back what the pledge still holds of the offer, and open it again in the need."""
    # After a part was delivered the rest has gone back already.
    held = pledge.delivered_quantity or pledge.quantity
    free(work, offer, held)
    cover(work, need, need.open_quantity + held)


async def _held(work: Work, pledge_id: UUID) -> Pledge:
    await get_pledge(work, pledge_id)
    pledge = await locked(work, Pledge, pledge_id)
    work.expect(pledge.version)
    return pledge


async def _held_with_ends(work: Work, pledge_id: UUID) -> tuple[Offer, Need, Pledge]:
    peeked = await get_pledge(work, pledge_id)
    offer = await locked(work, Offer, peeked.offer_id)
    need = await locked(work, Need, peeked.need_id)
    pledge = await locked(work, Pledge, pledge_id)
    work.expect(pledge.version)
    return offer, need, pledge


async def _unit_of(work: Work, pledge_id: UUID) -> Unit:
    peeked = await get_pledge(work, pledge_id)
    unit = await find_unit(work, peeked.unit_code)
    if unit is None:
        raise Absent(f"there is no unit {peeked.unit_code}")
    return await locked(work, Unit, unit.id)


def _refuse(field: str, message: str) -> None:
    raise Invalid(f"{field}: {message}", fields=[FieldError(field, message)])
