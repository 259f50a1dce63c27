"""The problem list over HTTP, and the views that people keep of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.intake.issues.rules import REPORTERS, STAFF
from services.intake.issues.views import IssueLine
from services.intake.lists import commands, reading
from services.intake.lists.bodies import Filter, ViewIn
from services.intake.lists.views import ViewOut
from shared.auth import Caller, Role
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of

VIEWERS = STAFF | {Role.STREET_OFFICER}

router = APIRouter(route_class=WorkRoute)


@router.get("/issues", tags=["issues"], summary="Issues of your areas, or your own, the newest first")
async def list_issues(
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Annotated[Caller, allow(*VIEWERS | REPORTERS, area=Scope.list)],
    page: Paging,
    *,
    wanted: Annotated[Filter, Query()],
) -> list[IssueLine]:
    found = await reading.list_issues(work, wanted, page)
    shown = page_of(request, response, found, page, reading.cursor_of)
    return [IssueLine.of(issue, caller) for issue in shown]


@router.post("/views", tags=["views"], status_code=201, summary="Keep a filter of the list under a name")
async def save(
    body: ViewIn, work: RequestWork, caller: Annotated[Caller, allow(*VIEWERS, area=Scope.record)]
) -> ViewOut:
    return ViewOut.of(await commands.save_view(work, body))


@router.get("/views", tags=["views"], summary="Your views, and those shared with your areas")
async def list_all(
    work: RequestWork, caller: Annotated[Caller, allow(*VIEWERS, area=Scope.list)]
) -> list[ViewOut]:
    return [ViewOut.of(view) for view in await commands.list_views(work)]


@router.get("/views/{view_id}", tags=["views"], summary="One view, with the address of its list")
async def read(
    view_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*VIEWERS, area=Scope.list)]
) -> ViewOut:
    return ViewOut.of(await commands.read_view(work, view_id))


@router.delete("/views/{view_id}", tags=["views"], status_code=204, summary="Let a view of your own go")
async def drop(
    view_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*VIEWERS, area=Scope.record)]
) -> None:
    await commands.drop_view(work, view_id)
