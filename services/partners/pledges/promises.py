"""A unit says yes: the match becomes a pledge, and capacity is reserved in the locked row of the offer."""

from datetime import timedelta
from uuid import UUID

from services.partners.history import begin, change
from services.partners.matches.commands import get_match, let_go, refuse_too_much
from services.partners.matches.models import Match
from services.partners.matches.rules import MATCH
from services.partners.needs.models import Need
from services.partners.needs.rules import NEED, SEEKING, coverage
from services.partners.offers.models import Offer
from services.partners.offers.rules import OFFER
from services.partners.pledges.models import Pledge
from services.partners.pledges.rules import PLEDGE
from services.partners.records import locked
from services.partners.refusals import CapacityExhausted, NeedCovered, NotCompatible
from services.partners.settings import Terms
from services.partners.units.commands import unit_in_force
from shared.errors import FieldError, Invalid
from shared.events.partners import MatchAccepted, OfferExhausted, OfferPublished, PledgeMade
from shared.service import Work

# Why a match lapsed whose offer had nothing left; accepting it then is refused by that name.
OFFER_EXHAUSTED = "offer_exhausted"


async def accept_match(work: Work, match_id: UUID, quantity: int | None) -> Pledge:
    """Promise what the match says, or less of it.

    Raises `CapacityExhausted` where less of the offer is left, `NeedCovered` where less is needed,
    `NotInForce` for a suspended unit.
    """
    peeked = await get_match(work, match_id)
    await unit_in_force(work, peeked.unit_code)
    offer = await locked(work, Offer, peeked.offer_id)
    need = await locked(work, Need, peeked.need_id)
    match = await locked(work, Match, match_id)
    work.expect(match.version)
    if match.closed_reason == OFFER_EXHAUSTED:
        raise CapacityExhausted(
            f"all {offer.total} {offer.measure} of the offer were promised to others first"
        )
    MATCH.step(match.state, "accept")
    promised = _promised(match, quantity)
    refuse_too_much(offer, need, promised)
    _refuse_gone(offer, need)
    let_go(match, offer, need)
    match.quantity = promised
    change(work, MATCH, match, "accept")
    work.emit(MatchAccepted(match=match.snapshot()))
    reserve(work, offer, promised)
    cover(work, need, need.open_quantity - promised)
    return await _pledge(work, match, need)


def _promised(match: Match, quantity: int | None) -> int:
    if quantity is not None and quantity > match.quantity:
        message = f"must not exceed what you were asked for, {match.quantity}"
        raise Invalid(f"quantity: {message}", fields=[FieldError("quantity", message)])
    return quantity or match.quantity


def _refuse_gone(offer: Offer, need: Need) -> None:
    if offer.state != "published":
        raise NotCompatible(f"the offer is {offer.state}")
    if need.state not in SEEKING:
        raise NeedCovered(f"the need is {need.state}")


async def _pledge(work: Work, match: Match, need: Need) -> Pledge:
    pledge = Pledge(
        version=1,
        state="pledged",
        community_code=match.community_code,
        created_at=work.now,
        changed_at=work.now,
        match_id=match.id,
        need_id=match.need_id,
        offer_id=match.offer_id,
        unit_code=match.unit_code,
        area_code=match.area_code,
        quantity=match.quantity,
        delivered_quantity=0,
        contact_due=work.now + timedelta(days=work.part(Terms).rules.contact_days),
        issue_id=need.issue_id,
        issue_no=need.issue_no,
        help_no=need.help_no,
    )
    work.session.add(pledge)
    await work.session.flush()
    begin(work, PLEDGE, pledge, "accept")
    work.emit(PledgeMade(pledge=pledge.snapshot()))
    return pledge


def reserve(work: Work, offer: Offer, quantity: int) -> None:
    """Take so much of the offer, whose row the caller holds."""
    offer.reserved += quantity
    if offer.free == 0:
        change(work, OFFER, offer, "exhaust")
        work.emit(OfferExhausted(offer=offer.snapshot()))
    else:
        offer.version, offer.changed_at = offer.version + 1, work.now


def free(work: Work, offer: Offer, quantity: int) -> None:
    """Give so much back to the offer, whose row the caller holds."""
    offer.reserved -= quantity
    if offer.state == "exhausted" and quantity > 0:
        change(work, OFFER, offer, "replenish")
        work.emit(OfferPublished(offer=offer.snapshot()))
    else:
        offer.version, offer.changed_at = offer.version + 1, work.now


def cover(work: Work, need: Need, open_quantity: int) -> None:
    """Note what is still open of a need, whose row the caller holds; one that is over keeps its state."""
    need.open_quantity = open_quantity
    command = coverage(need.quantity, open_quantity)
    if command in NEED.transitions[need.state]:
        change(work, NEED, need, command)
    else:
        need.version, need.changed_at = need.version + 1, work.now
