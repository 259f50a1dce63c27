"""Needs over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.partners.answers import refusals
from services.partners.forms import Reason
from services.partners.needs.commands import (
    close_need,
    mark_unsuitable,
    post_need,
    record_consent,
    withdraw_consent,
    withdraw_need,
)
from services.partners.needs.models import Need
from services.partners.needs.queries import NeedFilter, get_need, list_needs, shown
from services.partners.needs.views import ConsentForm, NeedForm, NeedView, PublicNeedView
from shared.auth import Caller, Role
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(prefix="/needs", tags=["needs"], route_class=WorkRoute, responses=refusals(401, 403, 422))

CLERKS = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)
STAFF = (*CLERKS, Role.GRID_LEADER, Role.GRID_WORKER)
Clerk = Annotated[Caller, allow(*CLERKS, area=Scope.record)]
Staff = Annotated[Caller, allow(*STAFF, area=Scope.record)]
Reader = Annotated[Caller, allow(*STAFF, Role.PARTNER_CONTACT, area=Scope.record)]
Lister = Annotated[Caller, allow(*STAFF, Role.PARTNER_CONTACT, area=Scope.list)]

_COMMAND = refusals(404, 409, 412)


def answer(need: Need, response: Response) -> NeedView:
    versioned(response, need.version)
    return NeedView.model_validate(need)


@router.post("", status_code=201, summary="Put a need on the list")
async def post(form: NeedForm, work: RequestWork, caller: Staff, response: Response) -> NeedView:
    need = await post_need(work, form)
    await work.session.refresh(need)
    response.headers["Location"] = f"/partners/v1/needs/{need.id}"
    return answer(need, response)


@router.get("", summary="The needs of your areas; for a unit, what it could help with")
async def listed(
    work: RequestWork,
    caller: Lister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    wanted: Annotated[NeedFilter, Depends()],
) -> list[NeedView | PublicNeedView]:
    rows = await list_needs(work, page, wanted)
    return await shown(work, page_of(request, response, rows, page, lambda need: (str(need.id),)))


@router.get("/{need_id}", summary="One need", responses=refusals(404))
async def one(
    need_id: UUID, work: RequestWork, caller: Reader, response: Response
) -> NeedView | PublicNeedView:
    need = await get_need(work, need_id)
    versioned(response, need.version)
    return need


@router.post("/{need_id}/consent", summary="Note the consent that a need waits for", responses=_COMMAND)
async def consent(
    need_id: UUID, form: ConsentForm, work: RequestWork, caller: Staff, response: Response
) -> NeedView:
    need = await record_consent(work, need_id, form.consent_id)
    await work.session.refresh(need)
    return answer(need, response)


@router.post("/{need_id}/withdraw-consent", summary="Tell nobody any more where to go", responses=_COMMAND)
async def consent_ends(need_id: UUID, work: RequestWork, caller: Staff, response: Response) -> NeedView:
    return answer(await withdraw_consent(work, need_id), response)


@router.post("/{need_id}/withdraw", summary="Take a need off the list", responses=_COMMAND)
async def withdraw(
    need_id: UUID, form: Reason, work: RequestWork, caller: Staff, response: Response
) -> NeedView:
    return answer(await withdraw_need(work, need_id, form), response)


@router.post("/{need_id}/mark-unsuitable", summary="Say that partners cannot meet it", responses=_COMMAND)
async def unsuitable(
    need_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> NeedView:
    return answer(await mark_unsuitable(work, need_id, form), response)


@router.post("/{need_id}/close", summary="Strike a fulfilled need off the list", responses=_COMMAND)
async def close(need_id: UUID, work: RequestWork, caller: Clerk, response: Response) -> NeedView:
    return answer(await close_need(work, need_id), response)
