"""Matters that the street puts on the community through its webhooks (上级交办)."""

from dataclasses import replace

from services.intake.catalogue import OTHER, Catalogue
from services.intake.channels.bodies import DispatchIn
from services.intake.channels.dispatch import take_in
from services.intake.channels.sources import known_sources
from services.intake.issues.bodies import Channel
from shared.auth import Caller, CallerKind, Role
from shared.events.intake import Urgency
from shared.events.notify import StreetDispatched
from shared.service import Work


async def take_order(work: Work, event: StreetDispatched) -> None:
    """Take the order in, in the office's own name; what came by another door under its number is here.

    A category that nobody knows makes it a matter to be sorted: the office's word is kept on the timeline.
    """
    ref = (Channel.street_dispatch.value, event.street_no)
    if await known_sources(work.session, [ref]):
        return
    known = work.part(Catalogue).find(event.category)
    body = DispatchIn(
        street_no=event.street_no,
        title=event.title,
        text=event.text,
        category=OTHER if known is None else known.code,
        urgency=None if event.urgency is None else Urgency(event.urgency),
        due=event.due,
    )
    # A copy, since the others whose events come in the same batch do not act in this office's name.
    acting = replace(work, caller=_speaker(event))
    await take_in(acting, body, reporter_ref=event.reporter_ref, their_category=event.their_category)


def _speaker(event: StreetDispatched) -> Caller:
    office = event.inbound.source
    return Caller(
        subject=f"office:{office}",
        roles=frozenset({Role.STREET_OFFICER}),
        areas=(event.area_code,),
        unit=office,
        kind=CallerKind.OFFICE,
    )
