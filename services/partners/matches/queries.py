"""Matches in the shape that is for the caller."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from services.partners.matches.models import Match
from services.partners.matches.views import AskedMatchView, MatchView
from services.partners.needs.models import Need
from services.partners.needs.queries import in_public
from services.partners.records import is_unit
from services.partners.settings import Terms
from shared.service import Work


async def shown(work: Work, matches: Sequence[Match]) -> list[MatchView | AskedMatchView]:
    """These matches: with score and reasons for staff, with the public need for the unit that was asked."""
    if not is_unit(work.actor()):
        return [MatchView.model_validate(match) for match in matches]
    query = select(Need).where(Need.id.in_([match.need_id for match in matches]))
    needs = await in_public(work, (await work.session.scalars(query)).all())
    answer_days = timedelta(days=work.part(Terms).rules.answer_days)
    return [
        AskedMatchView(
            id=match.id,
            offer_id=match.offer_id,
            quantity=match.quantity,
            state=match.state,
            closed_reason=match.closed_reason,
            offered_at=match.offered_at,
            answer_by=None if match.offered_at is None else match.offered_at + answer_days,
            need=needs[match.need_id],
            version=match.version,
        )
        for match in matches
    ]
