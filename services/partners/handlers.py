"""What partners does when it hears of something: intake's issues, and its own facts as second steps."""

from collections.abc import Sequence

from services.partners.cases import relief
from services.partners.matches.lapses import lapse_matches_of, seek_again
from services.partners.needs.helps import note_ended_issues, take_help_requests
from services.partners.pledges.calloffs import call_off_pledges
from services.partners.service import partners
from shared.events.intake import (
    EscalationReliefGiven,
    EscalationSent,
    IssueClosed,
    IssueEvent,
    IssueHelpRequested,
    IssueMerged,
    IssueRejected,
    IssueWithdrawn,
)
from shared.events.partners import (
    MatchDeclined,
    MatchEvent,
    MatchLapsed,
    NeedEvent,
    NeedWithdrawn,
    OfferEvent,
    OfferExhausted,
    OfferExpired,
    OfferSuspended,
    OfferWithdrawn,
    PledgeCancelled,
    PledgeConfirmed,
    PledgeDelivered,
    PledgeEvent,
    PledgeMade,
    PledgeNoShow,
    UnitChanged,
    UnitSuspended,
)
from shared.service import Work


@partners.on_batch(IssueHelpRequested)
async def put_help_on_the_list(events: Sequence[IssueHelpRequested], work: Work) -> None:
    await take_help_requests(work, events)


@partners.on_batch(IssueClosed, IssueRejected, IssueMerged, IssueWithdrawn)
async def withdraw_needs_of_ended_issues(events: Sequence[IssueEvent], work: Work) -> None:
    await note_ended_issues(work, events)


@partners.on(EscalationSent)
async def open_case_for_relief(event: EscalationSent, work: Work) -> None:
    await relief.follow_request(work, event)


@partners.on(EscalationReliefGiven)
async def note_what_the_street_gave(event: EscalationReliefGiven, work: Work) -> None:
    await relief.note_relief(work, event)


@partners.on_batch(NeedWithdrawn)
async def let_everybody_go(events: Sequence[NeedEvent], work: Work) -> None:
    needs = {event.need.id for event in events}
    await lapse_matches_of(work, needs=needs)
    await call_off_pledges(work, needs)


@partners.on_batch(OfferExhausted, OfferWithdrawn, OfferSuspended, OfferExpired)
async def end_matches_of_offers(events: Sequence[OfferEvent], work: Work) -> None:
    await lapse_matches_of(work, offers={event.offer.id for event in events})


@partners.on_batch(PledgeMade)
async def end_matches_that_promise_too_much(events: Sequence[PledgeEvent], work: Work) -> None:
    needs, offers = {event.pledge.need_id for event in events}, {event.pledge.offer_id for event in events}
    await lapse_matches_of(work, needs=needs, offers=offers)


@partners.on_batch(UnitSuspended)
async def end_matches_of_units(events: Sequence[UnitSuspended], work: Work) -> None:
    await lapse_matches_of(work, units={event.partner_unit.code for event in events})


@partners.on_batch(UnitChanged)
async def use_units_again(events: Sequence[UnitChanged], work: Work) -> None:
    await seek_again(work, (), {event.partner_unit.community_code for event in events})


@partners.on_batch(MatchDeclined, MatchLapsed)
async def look_further_for_needs(events: Sequence[MatchEvent], work: Work) -> None:
    matches = [event.match for event in events]
    await seek_again(work, {one.need_id for one in matches}, {one.community_code for one in matches})


@partners.on_batch(PledgeCancelled, PledgeNoShow, PledgeDelivered, PledgeConfirmed)
async def look_further_for_what_did_not_come(events: Sequence[PledgeEvent], work: Work) -> None:
    pledges = [event.pledge for event in events]
    await seek_again(work, {one.need_id for one in pledges}, {one.community_code for one in pledges})
