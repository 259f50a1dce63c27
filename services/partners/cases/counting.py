"""How many households are helped, told once a month (domain.md §9): counts and no persons."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Table, func, select

from services.partners.cases.models import Case, CountedMonth
from services.partners.cases.rules import CASE, OPEN
from services.partners.models import HistoryEntry
from services.partners.settings import PartnersSettings
from shared import bulk
from shared.clock import local_date, local_midnight
from shared.events.partners import CaseCountSnapshot, CasesCounted, ProgrammeCount
from shared.service import Work

_MONTHS = cast(Table, CountedMonth.__table__)


async def count_last_month(work: Work) -> None:
    """Count the month that ended last, once; `active` is how it stands when it is counted."""
    settings = work.part(PartnersSettings)
    this = local_date(work.now, settings.zone).replace(day=1)
    month = (this - timedelta(days=1)).replace(day=1)
    if await work.session.get(CountedMonth, month) is not None:
        return
    if not await bulk.insert_new(work.session, _MONTHS, [{"month": month, "at": work.now}], key="month"):
        return
    span = (local_midnight(month, settings.zone), local_midnight(this, settings.zone))
    programmes = await _programmes(work, *span)
    if programmes:
        snapshot = _snapshot(settings.community, month)
        work.emit(CasesCounted(case_count=snapshot, programmes=tuple(programmes)))


def _snapshot(community: str, month: date) -> CaseCountSnapshot:
    named = uuid5(NAMESPACE_URL, f"sanlian:case-count/{community}/{month}")
    return CaseCountSnapshot(id=named, version=1, community_code=community, month=month)


async def _programmes(work: Work, begins: datetime, ends: datetime) -> Sequence[ProgrammeCount]:
    active = select(Case.opened_for, func.count()).where(Case.state.in_(OPEN)).group_by(Case.opened_for)
    looked_at = (
        select(Case.opened_for, func.count(Case.id.distinct()))
        .join(HistoryEntry, HistoryEntry.record_id == Case.id)
        .where(
            HistoryEntry.record == CASE.word,
            HistoryEntry.command == "review",
            HistoryEntry.at >= begins,
            HistoryEntry.at < ends,
        )
        .group_by(Case.opened_for)
    )
    open_now = {row[0]: row[1] for row in await work.session.execute(active)}
    reviewed = {row[0]: row[1] for row in await work.session.execute(looked_at)}
    return [
        ProgrammeCount(programme=name, active=open_now.get(name, 0), reviewed=reviewed.get(name, 0))
        for name in sorted({*open_now, *reviewed})
    ]
