"""The second look at readings: chance picks some of each month's, and another than the reader judges them."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from random import SystemRandom
from typing import cast
from uuid import UUID

from sqlalchemy import Select, Table, select
from uuid_utils.compat import uuid7

from services.intake.cursors import id_of
from services.intake.models import READ_LOG
from services.intake.oversight.bodies import VerdictIn
from services.intake.oversight.models import ReadReview
from services.intake.oversight.views import ReviewOut
from services.intake.periods import Period, Span, due_period, pass_on
from services.intake.personal.rules import PersonalRules
from services.intake.personal.views import ReadingOut
from services.intake.settings import IntakeSettings
from shared import bulk
from shared.clock import local_midnight
from shared.errors import Absent, Forbidden, Refused
from shared.service import Work
from shared.web import Page

NAME = "read.review"
# What was begun in the last seconds of a month is written down by then.
_AFTER = timedelta(minutes=10)
_CHANCE = SystemRandom()
_REVIEWS = cast(Table, ReadReview.__table__)


class AlreadyReviewed(Refused):
    """A verdict stands."""

    type, title = "already-reviewed", "This reading has been reviewed"


async def pick_readings(work: Work) -> bool:
    """Pick from the oldest month that is over and was not picked from; False where there is none.

    Each has the same chance, whoever read; what told of nobody, or of the reader alone, is left out.
    """
    period = await due_period(work, NAME, Span.month, after=_AFTER)
    if period is None:
        return False
    ids = (await work.session.scalars(_read_in(work, period))).all()
    share = work.part(PersonalRules).oversight.review_percent / 100
    # Of a month without readings none; of any other one at least.
    picked = _CHANCE.sample(ids, math.ceil(len(ids) * share))
    rows = [{"id": uuid7(), "reading_id": one, "month": period.first} for one in picked]
    await bulk.insert_new(work.session, _REVIEWS, rows, key="id")
    await pass_on(work, NAME, period)
    return True


def _read_in(work: Work, period: Period) -> Select[UUID]:
    begins_at = local_midnight(period.first, work.part(IntakeSettings).zone)
    at = READ_LOG.c.at
    return select(READ_LOG.c.id).where(at >= begins_at, at < period.ends_at, READ_LOG.c.persons > 0)


async def list_reviews(
    work: Work, page: Page[str], *, month: date | None = None, is_open: bool | None = None
) -> list[ReviewOut]:
    """Picked readings with what is written of them, the newest first; `limit + 1` of them."""
    work.permit(work.part(IntakeSettings).community)
    query = select(ReadReview).order_by(ReadReview.id.desc()).limit(page.limit + 1)
    after = id_of(page.after)
    if after is not None:
        query = query.where(ReadReview.id < after)
    if month is not None:
        query = query.where(ReadReview.month == month.replace(day=1))
    if is_open is not None:
        query = query.where(ReadReview.verdict.is_(None) if is_open else ReadReview.verdict.is_not(None))
    return await _shown(work, (await work.session.scalars(query)).all())


async def give_verdict(work: Work, review_id: UUID, body: VerdictIn) -> ReviewOut:
    """Say what a reading was. Raises `Absent`, `AlreadyReviewed`, `Forbidden` for a reading of one's own."""
    work.permit(work.part(IntakeSettings).community)
    review = await work.session.get(ReadReview, review_id, with_for_update=True)
    if review is None:
        raise Absent("there is no such review")
    (shown,) = await _shown(work, [review])
    if shown.reading.reader == work.actor().subject:
        raise Forbidden("nobody reviews what they read themselves")
    if review.verdict is not None:
        raise AlreadyReviewed(f"it was found {review.verdict}")
    review.verdict, review.note = body.verdict, body.note
    review.reviewed_by, review.reviewed_at = work.actor().subject, work.now
    return ReviewOut.of(review, shown.reading)


async def _shown(work: Work, reviews: Sequence[ReadReview]) -> list[ReviewOut]:
    query = select(READ_LOG).where(READ_LOG.c.id.in_([review.reading_id for review in reviews]))
    readings = {row.id: ReadingOut.model_validate(row._mapping) for row in await work.session.execute(query)}
    return [ReviewOut.of(review, readings[review.reading_id]) for review in reviews]
