"""The figures of a period: sums of sums, never a look at the issues."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, String, cast, false, func, literal, or_, select

from services.intake.kpis.models import KpiSum
from services.intake.kpis.rules import COMPOSITE, KpiRules
from services.intake.settings import IntakeSettings
from shared.clock import local_date
from shared.errors import FieldError, Invalid
from shared.service import Work


class By(StrEnum):
    """Into what the sums are divided."""

    total = "total"
    community = "community"
    grid = "grid"
    micro_grid = "micro_grid"
    field = "field"
    category = "category"
    day = "day"
    month = "month"


_DAY = cast(KpiSum.day, String)
_GROUPS: Mapping[By, ColumnElement[str]] = {
    By.total: literal("", String),
    By.community: func.substr(KpiSum.area_code, 1, 12),
    By.grid: func.substr(KpiSum.area_code, 1, 15),
    By.micro_grid: func.substr(KpiSum.area_code, 1, 18),
    By.field: func.substr(KpiSum.category, 1, 2),
    By.category: KpiSum.category.expression,
    By.day: func.substr(_DAY, 1, 10),
    By.month: func.substr(_DAY, 1, 7),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which figures are asked for; both days count."""

    first: date
    last: date
    area: str | None = None
    category: str | None = None
    by: By = By.total


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `value` is missing where there are too few cases, and for the composite of such figures."""

    code: str
    numerator: int | None
    denominator: int | None
    value: float | None


async def read_kpis(work: Work, asked: Question) -> dict[str, list[Figure]]:
    """Every figure by group, within the caller's areas. Raises `Forbidden`, `Invalid` for the period."""
    _hold_to_period(asked, work.part(KpiRules))
    today = local_date(work.now, work.part(IntakeSettings).zone)
    if asked.area is not None:
        work.permit(asked.area)
    areas = work.areas() if asked.area is None else (asked.area,)
    # What is due on a day to come is not late yet.
    last = min(asked.last, today)
    return await sum_up(work, asked.by, asked.first, last, areas=areas, category=asked.category)


async def sum_up(
    work: Work, by: By, first: date, last: date, *, areas: Sequence[str], category: str | None = None
) -> dict[str, list[Figure]]:
    """Every figure by group, over all days from the first to the last, in whatever lies beneath the areas."""
    group = _GROUPS[by].label("grouped")
    query = (
        select(group, KpiSum.kpi, func.sum(KpiSum.numerator), func.sum(KpiSum.denominator))
        .where(KpiSum.day.between(first, last), _placed(areas, category))
        .group_by(group, KpiSum.kpi)
        .order_by(group)
    )
    sums: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    if by is By.total:
        sums[""] = {}
    for name, code, numerator, denominator in await work.session.execute(query):
        sums[name][code] = (int(numerator), int(denominator))
    return {name: _figures(found, work.part(KpiRules)) for name, found in sums.items()}


def _placed(areas: Sequence[str], category: str | None) -> ColumnElement[bool]:
    placed = or_(false(), *(KpiSum.area_code.between(area, area.ljust(18, "9")) for area in areas))
    return placed if category is None else placed & KpiSum.category.between(category, category.ljust(4, "9"))


def _figures(sums: Mapping[str, tuple[int, int]], rules: KpiRules) -> list[Figure]:
    found: dict[str, Figure] = {}
    for kpi in rules.kpis:
        numerator, denominator = sums.get(kpi.code, (0, 0))
        value = round(numerator / denominator, 4) if denominator >= rules.small_sample else None
        found[kpi.code] = Figure(kpi.code, numerator, denominator, value)
    parts = [(weight, found[code].value) for code, weight in rules.composite.items()]
    known = [weight * value for weight, value in parts if value is not None]
    whole = round(sum(known), 4) if len(known) == len(parts) else None
    found[COMPOSITE] = Figure(COMPOSITE, None, None, whole)
    return list(found.values())


def _hold_to_period(asked: Question, rules: KpiRules) -> None:
    days = (asked.last - asked.first).days
    if not 0 <= days < rules.most_days:
        message = f"the period begins before it ends and has {rules.most_days} days at most"
        raise Invalid(message, fields=[FieldError("to", message)])
