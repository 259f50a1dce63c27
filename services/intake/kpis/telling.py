"""The figures of each day and month, told once: when the period is over and all of it is counted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy import select

from services.intake.issues.models import TimelineEntry
from services.intake.kpis.folding import first_id_at, held_progress, settled
from services.intake.kpis.reading import By, Figure, sum_up
from services.intake.kpis.rules import KpiRules
from services.intake.periods import Period, Span, due_period, pass_on
from services.intake.settings import IntakeSettings
from shared.events.intake import (
    KpiDayCounted,
    KpiEvent,
    KpiFigure,
    KpiMonthCounted,
    KpiPlace,
    KpiReportSnapshot,
)
from shared.host import Host
from shared.service import Work

_EVERY_S = 60.0
_STREET_DIGITS, _GRID_DIGITS = 9, 15
# A report is known by its community, its span and its first day, whoever makes it.
_REPORTS = UUID("6d1f3a53-3a86-4c52-9d0b-5d2f3f5f6f0e")


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of one kind of period."""

    name: str
    span: Span
    event: type[KpiEvent]


TELLINGS = (
    Telling("kpi.daily", Span.day, KpiDayCounted),
    Telling("kpi.monthly", Span.month, KpiMonthCounted),
)


async def keep_telling(host: Host) -> None:
    """Tell for good: an outage is made up for, the oldest period first."""
    while True:
        while await tell_due(host):
            pass
        await asyncio.sleep(_EVERY_S)


async def tell_due(host: Host) -> int:
    """Tell of the oldest day and the oldest month that are due, each in its transaction; say how many."""
    told = 0
    for telling in TELLINGS:
        async with host.work() as work:
            told += await _tell_next(work, telling)
    return told


async def _tell_next(work: Work, telling: Telling) -> int:
    after = timedelta(minutes=work.part(KpiRules).told_after_minutes)
    period = await due_period(work, telling.name, telling.span, after=after)
    if period is None or not await _is_counted(work, first_id_at(period.ends_at + after)):
        return 0
    work.emit(telling.event(report=await _report(work, telling, period)))
    await pass_on(work, telling.name, period)
    return 1


async def _is_counted(work: Work, limit: UUID) -> bool:
    """Whether no line below an id is left to be counted, nor can be added any more.

    Nobody counts on until the transaction ends, so that all the sums are of one moment.
    """
    last = await held_progress(work)
    if last is None or await settled(work) < limit:
        return False
    line = TimelineEntry.id
    return await work.session.scalar(select(line).where(line > last, line < limit).limit(1)) is None


async def _report(work: Work, telling: Telling, period: Period) -> KpiReportSnapshot:
    rules, community = work.part(KpiRules), work.part(IntakeSettings).community
    whole = await sum_up(work, By.total, period.first, period.last, areas=(community,))
    grids = await sum_up(work, By.grid, period.first, period.last, areas=(community,))
    return KpiReportSnapshot(
        id=uuid5(_REPORTS, f"{community} {telling.name} {period.first}"),
        version=1,
        community_code=community,
        street_code=community[:_STREET_DIGITS],
        area_code=community,
        first=period.first,
        last=period.last,
        counted_at=work.now,
        small_sample=rules.small_sample,
        community=_told(whole[""]),
        # What no grid has yet stands under the community's own code, and is no grid.
        grids=tuple(
            KpiPlace(area_code=area, figures=_told(figures))
            for area, figures in grids.items()
            if len(area) == _GRID_DIGITS
        ),
    )


def _told(figures: Sequence[Figure]) -> tuple[KpiFigure, ...]:
    return tuple(
        KpiFigure(code=one.code, numerator=one.numerator, denominator=one.denominator, value=one.value)
        for one in figures
    )
