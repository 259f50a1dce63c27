"""How many households are in which colour, grid by grid, once a week (domain.md §9): counts, no persons."""

from collections import Counter
from datetime import date, timedelta
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import func, select

from services.grid.areas.codes import GRID_LENGTH
from services.grid.households.models import Household, RiskSummary
from services.grid.households.rules import ColourRules
from services.grid.rows import table_of
from services.grid.settings import GridSettings
from shared import bulk
from shared.clock import local_date
from shared.events.grid import Colour, GridRisk, RiskSummaryCounted, RiskSummarySnapshot
from shared.service import Work


async def summarise_week(work: Work, *, most: int) -> int:
    """Count the households of this week, after the night in which it began; 1 where it was done now."""
    settings = work.part(GridSettings)
    today = local_date(work.now, settings.zone)
    monday = today - timedelta(days=today.weekday())
    early = today == monday and work.now.astimezone(settings.zone).hour <= work.part(ColourRules).nightly_hour
    if early or await work.session.get(RiskSummary, monday) is not None:
        return 0
    row = {"week": monday, "at": work.now}
    if not await bulk.insert_new(work.session, table_of(RiskSummary), [row], key="week"):
        return 0
    work.emit(
        RiskSummaryCounted(risk_summary=_snapshot(settings.community, monday), grids=await _count(work))
    )
    return 1


def _snapshot(community: str, monday: date) -> RiskSummarySnapshot:
    named = uuid5(NAMESPACE_URL, f"sanlian:risk-summary/{community}/{monday}")
    return RiskSummarySnapshot(id=named, version=1, community_code=community, week=monday)


async def _count(work: Work) -> tuple[GridRisk, ...]:
    grid_code = func.substr(Household.area_code, 1, GRID_LENGTH)
    query = select(grid_code, Household.colour, func.count()).group_by(grid_code, Household.colour)
    counts: dict[str, Counter[str]] = {}
    for code, colour, count in await work.session.execute(query):
        counts.setdefault(code, Counter())[colour] = count
    return tuple(
        GridRisk(
            grid_code=code,
            red=found[Colour.red],
            yellow=found[Colour.yellow],
            blue=found[Colour.blue],
        )
        for code, found in sorted(counts.items())
    )
