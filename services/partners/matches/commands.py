"""What clerks and units can do with a match."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.partners.forms import Reason
from services.partners.history import begin, change
from services.partners.matches.facts import needs_facts, offers_of
from services.partners.matches.models import OPEN, Match
from services.partners.matches.rules import MATCH, SHOWN_TO_UNIT
from services.partners.matches.scoring import obstacle, score, total
from services.partners.matches.views import MatchForm
from services.partners.needs.models import Need
from services.partners.needs.rules import SEEKING
from services.partners.offers.models import Offer
from services.partners.records import found, is_unit, locked, newest, permit_record, within
from services.partners.refusals import AlreadyMatched, CapacityExhausted, NeedCovered, NotCompatible
from services.partners.settings import Terms
from shared.errors import Absent
from shared.events.partners import MatchDeclined, MatchOffered, MatchProposed
from shared.service import Work
from shared.web import Page


async def match_by_hand(work: Work, form: MatchForm) -> Match:
    """Bring an offer and a need together that the engine did not, or not yet.

    A clerk may overrule the score, not the hard rules: `NotCompatible` says which stands in the way.
    """
    offer = await locked(work, Offer, form.offer_id)
    need = await locked(work, Need, form.need_id)
    work.permit(need.area_code)
    work.permit(offer.community_code)
    points = await _points(work, need, offer)
    quantity = form.quantity or max(1, min(need.open_quantity, offer.free))
    refuse_too_much(offer, need, quantity)
    twin = select(Match.id).where(Match.need_id == need.id, Match.offer_id == offer.id, Match.state.in_(OPEN))
    if await work.session.scalar(twin) is not None:
        raise AlreadyMatched("take the match that is there")
    match = Match(
        version=1,
        state="community_ok",
        community_code=need.community_code,
        created_at=work.now,
        changed_at=work.now,
        need_id=need.id,
        offer_id=offer.id,
        unit_code=offer.unit_code,
        area_code=need.area_code,
        quantity=quantity,
        score=total(points),
        reasons={name: round(value, 2) for name, value in points.items()},
        band="manual",
        issue_id=need.issue_id,
        issue_no=need.issue_no,
    )
    work.session.add(match)
    offer.proposed, need.proposed = offer.proposed + quantity, need.proposed + quantity
    await work.session.flush()
    begin(work, MATCH, match, "match-by-hand")
    work.emit(MatchProposed(match=match.snapshot()))
    return match


async def _points(work: Work, need: Need, offer: Offer) -> dict[str, float]:
    terms = work.part(Terms)
    if need.state not in SEEKING:
        raise NeedCovered(f"the need is {need.state}")
    offers = await offers_of(work.session, [offer.id], at=work.now, terms=terms, overbook=True)
    if not offers:
        if offer.state in {"published", "exhausted"} and offer.free == 0:
            raise CapacityExhausted(
                f"nothing of the offer is left: all {offer.total} {offer.measure} are promised"
            )
        raise NotCompatible(f"the offer is {offer.state}, or its unit is no member in force")
    wanted = needs_facts(need, wanted=need.open_quantity)
    standing = obstacle(wanted, offers[0], at=work.now, terms=terms)
    if standing is not None:
        raise NotCompatible(f"what stands in the way: {standing}")
    return score(wanted, offers[0], at=work.now, terms=terms)


def refuse_too_much(offer: Offer, need: Need, quantity: int) -> None:
    """Raise `CapacityExhausted` or `NeedCovered` where less is free, or less is open, than the quantity."""
    if quantity > offer.free:
        raise CapacityExhausted(
            f"{offer.free} {offer.measure} of the offer are free, and the match takes {quantity}"
        )
    if quantity > need.open_quantity:
        raise NeedCovered(
            f"{need.open_quantity} {need.measure} are still needed, and the match gives {quantity}"
        )


async def approve_match(work: Work, match_id: UUID) -> Match:
    """Say that the community agrees, before anybody asks the unit."""
    match = await _own(work, match_id)
    change(work, MATCH, match, "approve")
    return match


async def offer_match(work: Work, match_id: UUID) -> Match:
    """Ask the unit to take the need."""
    match = await _own(work, match_id)
    change(work, MATCH, match, "offer")
    match.offered_at = work.now
    work.emit(MatchOffered(match=match.snapshot()))
    return match


async def decline_match(work: Work, match_id: UUID, form: Reason) -> Match:
    """Say no: the community before or after it asked, the unit once it was asked."""
    peeked = await get_match(work, match_id)
    offer = await locked(work, Offer, peeked.offer_id)
    need = await locked(work, Need, peeked.need_id)
    match = await locked(work, Match, match_id)
    work.expect(match.version)
    change(work, MATCH, match, "decline", reason=form.reason, note=form.note)
    match.closed_reason = form.reason
    let_go(match, offer, need)
    work.emit(MatchDeclined(match=match.snapshot(), reason=form.reason))
    return match


def let_go(match: Match, offer: Offer, need: Need) -> None:
    """Give back what stood in an open match; promises are counted apart."""
    offer.proposed = max(0, offer.proposed - match.quantity)
    need.proposed = max(0, need.proposed - match.quantity)


async def get_match(work: Work, match_id: UUID) -> Match:
    """The match, for staff of its area, and for its unit once it was asked. Raises `Absent`, `Forbidden`."""
    match = await found(work, Match, match_id)
    permit_record(work, unit_code=match.unit_code, area_code=match.area_code)
    if is_unit(work.actor()) and (match.offered_at is None or match.state not in SHOWN_TO_UNIT):
        raise Absent(f"there is no match {match_id}")
    return match


async def list_matches(
    work: Work,
    page: Page[str],
    *,
    state: str | None,
    need_id: UUID | None,
    offer_id: UUID | None,
    issue_id: UUID | None,
) -> Sequence[Match]:
    """The matches of the caller's areas, or those that a unit was asked for, the newest first."""
    caller = work.actor()
    query = select(Match).where(within(Match.area_code, work.areas()))
    if is_unit(caller):
        query = query.where(Match.unit_code == caller.unit, Match.offered_at.is_not(None))
    filters = (
        (Match.state, state),
        (Match.need_id, need_id),
        (Match.offer_id, offer_id),
        (Match.issue_id, issue_id),
    )
    for column, value in filters:
        if value is not None:
            query = query.where(column == value)
    return await newest(work, query, Match, page)


async def _own(work: Work, match_id: UUID) -> Match:
    match = await locked(work, Match, match_id)
    work.permit(match.area_code)
    work.expect(match.version)
    return match
