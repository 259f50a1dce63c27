"""The figures over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.intake.issues.rules import STAFF
from services.intake.kpis import reading
from services.intake.kpis.reading import By, Figure, Question
from services.intake.kpis.rules import KpiRules
from services.intake.words import AreaCode
from shared.auth import Caller, Role
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(tags=["kpis"], route_class=WorkRoute)


class KpiOut(BaseModel):
    """One figure; `value` is a share from 0 to 1, and missing where a percentage would say too much.

    The composite K6 has neither numerator nor denominator of its own.
    """

    code: str
    zh: str
    en: str
    numerator: int | None
    denominator: int | None
    value: float | None


class KpiGroupOut(BaseModel):
    """The figures of one place, field, category, day or month; `group` is empty for the total."""

    group: str
    kpis: list[KpiOut]


@router.get("/kpis", summary="The figures K1–K12, K21 and K22 of a period, within your areas")
async def read(
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, Role.STREET_OFFICER, area=Scope.list)],
    first: Annotated[date, Query(alias="from", description="The first day")],
    last: Annotated[date, Query(alias="to", description="The last day, which counts too")],
    *,
    area: AreaCode | None = None,
    category: Annotated[str | None, Query(pattern=r"^[0-9]{2,4}$")] = None,
    by: By = By.total,
) -> list[KpiGroupOut]:
    asked = Question(first=first, last=last, area=area, category=category, by=by)
    rules = work.part(KpiRules)
    groups = await reading.read_kpis(work, asked)
    return [KpiGroupOut(group=name, kpis=_named(found, rules)) for name, found in groups.items()]


def _named(figures: list[Figure], rules: KpiRules) -> list[KpiOut]:
    return [
        KpiOut(
            code=kpi.code,
            zh=kpi.zh,
            en=kpi.en,
            numerator=figure.numerator,
            denominator=figure.denominator,
            value=figure.value,
        )
        for kpi, figure in zip(rules.kpis, figures, strict=True)
    ]
