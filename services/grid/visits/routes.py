"""Visits over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from services.grid.access import CareLister, CareWorker
from services.grid.households.commands import get_household
from services.grid.visits import commands
from services.grid.visits.models import Visit
from services.grid.visits.rules import VisitState
from shared.web import Paging, RequestWork, WorkRoute, page_of, versioned

router = APIRouter(prefix="/visits", tags=["visits"], route_class=WorkRoute)


class NewVisit(BaseModel):
    """A visit to be owed beside those that the rules plan."""

    model_config = ConfigDict(extra="forbid")

    household_code: Annotated[str, Field(min_length=1, max_length=40)]
    purpose: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=40)]
    due_on: date


class VisitView(BaseModel):
    """A visit; what was noted in it is not shown here."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    household_code: str
    area_code: str
    purpose: str
    state: VisitState
    due_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    contact: str | None
    wellbeing: int | None
    has_risk: bool
    version: int


class DoneVisit(BaseModel):
    """What the visit found; the note is kept encrypted."""

    model_config = ConfigDict(extra="forbid")

    wellbeing: Annotated[int, Field(ge=1, le=5)]
    contact: Literal["in_person", "phone"] = "in_person"
    has_risk: bool = False
    note: Annotated[str | None, Field(max_length=2000)] = None
    next_on: date | None = None


class Ending(BaseModel):
    """Why the visit was not made."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=2, max_length=500)]


@router.get("", summary="Visits of your areas")
async def list_visits(
    work: RequestWork,
    caller: CareLister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    state: Annotated[VisitState | None, Query()] = None,
    household: Annotated[str | None, Query(max_length=40)] = None,
    due_by: Annotated[date | None, Query()] = None,
) -> list[VisitView]:
    rows = await commands.list_visits(work, page, state=state, household_code=household, due_by=due_by)
    shown = page_of(request, response, rows, page, lambda row: (row.due_at.isoformat(), str(row.id)))
    return [VisitView.model_validate(row) for row in shown]


@router.post("", status_code=201, summary="Plan a visit by hand")
async def plan_visit(new: NewVisit, work: RequestWork, caller: CareWorker, response: Response) -> VisitView:
    household = await get_household(work, new.household_code, lock=True)
    visit = await commands.owe_visit(
        work, household, purpose=new.purpose, due_on=new.due_on, visit_id=uuid7()
    )
    response.headers["Location"] = f"/grid/v1/visits/{visit.id}"
    return _view(visit, response)


@router.get("/{visit_id}", summary="A visit")
async def read_visit(visit_id: UUID, work: RequestWork, caller: CareWorker, response: Response) -> VisitView:
    return _view(await commands.get_visit(work, visit_id), response)


@router.post("/{visit_id}/done", summary="The household was seen")
async def finish_visit(
    visit_id: UUID, done: DoneVisit, work: RequestWork, caller: CareWorker, response: Response
) -> VisitView:
    outcome = commands.Outcome(**done.model_dump())
    return _view(await commands.record_visit(work, visit_id, outcome), response)


@router.post("/{visit_id}/not-at-home", summary="Nobody was at home; it is tried again within 48 hours")
async def miss_them(
    visit_id: UUID, ending: Ending, work: RequestWork, caller: CareWorker, response: Response
) -> VisitView:
    visit = await commands.end_visit(work, visit_id, "not-at-home", reason=ending.reason)
    return _view(visit, response)


@router.post("/{visit_id}/refuse", summary="The household does not want to be seen")
async def refuse_visit(
    visit_id: UUID, ending: Ending, work: RequestWork, caller: CareWorker, response: Response
) -> VisitView:
    return _view(await commands.end_visit(work, visit_id, "refuse", reason=ending.reason), response)


@router.post("/{visit_id}/cancel", summary="The visit is no longer owed")
async def cancel_visit(
    visit_id: UUID, ending: Ending, work: RequestWork, caller: CareWorker, response: Response
) -> VisitView:
    return _view(await commands.end_visit(work, visit_id, "cancel", reason=ending.reason), response)


def _view(visit: Visit, response: Response) -> VisitView:
    versioned(response, visit.version)
    return VisitView.model_validate(visit)
