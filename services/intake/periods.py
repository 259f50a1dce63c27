"""What is done once for each day, or month, that has ended: over restarts, and by one of any replicas.

The row says which period comes next. Who deals with it holds the row, and moves it on in the transaction in
which the work is done; so nothing is done twice, and what an outage held up is made up for in order.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import cast

from sqlalchemy import Date, String, Table, select
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base
from services.intake.settings import IntakeSettings
from shared import bulk
from shared.clock import local_date, local_midnight
from shared.service import Work

_DAY = timedelta(days=1)
# From any day of a month this leads into the next one.
_OVER_A_MONTH = timedelta(days=32)


class PeriodEnd(Base):
    """The first day of the period that comes next in some work that is done once a period."""

    __tablename__ = "period_ends"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_first: Mapped[date] = mapped_column(Date)


_ENDS = cast(Table, PeriodEnd.__table__)


class Span(StrEnum):
    """How long a period is."""

    day = "day"
    month = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """Some whole days; both count, and `ends_at` is the midnight after the last."""

    first: date
    last: date
    ends_at: datetime


async def due_period(work: Work, name: str, span: Span, *, after: timedelta) -> Period | None:
    """The oldest period that ended so long ago and was not dealt with, held until the transaction ends.

    None where there is none, or somebody else is at it. The first time that a name is asked for its periods
    begin with the present one: of what was before nothing is made up.
    """
    query = select(_ENDS.c.next_first).where(_ENDS.c.name == name).with_for_update(skip_locked=True)
    first: date | None = await work.session.scalar(query)
    if first is None:
        zone = work.part(IntakeSettings).zone
        row = {"name": name, "next_first": _first_of(local_date(work.now, zone), span)}
        await bulk.insert_new(work.session, _ENDS, [row], key="name")
        return None
    period = _period(work, first, span)
    return period if period.ends_at + after <= work.now else None


async def pass_on(work: Work, name: str, period: Period) -> None:
    """The period was dealt with: the next one comes."""
    moved = _ENDS.update().where(_ENDS.c.name == name).values(next_first=period.last + _DAY)
    await work.session.execute(moved)


def _period(work: Work, first: date, span: Span) -> Period:
    last = first if span is Span.day else _first_of(first + _OVER_A_MONTH, span) - _DAY
    return Period(first, last, local_midnight(last + _DAY, work.part(IntakeSettings).zone))


def _first_of(day: date, span: Span) -> date:
    return day if span is Span.day else day.replace(day=1)
