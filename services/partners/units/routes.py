"""Units and their keys over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from services.partners.answers import refusals
from services.partners.filters import KeyId, Word
from services.partners.forms import Reason, UnitCode
from services.partners.units.commands import get_unit, list_units, put_unit, reinstate_unit, suspend_unit
from services.partners.units.keys import issue_key, list_keys, revoke_key
from services.partners.units.models import Unit
from services.partners.units.views import (
    KeyForm,
    KeyView,
    NewKeyView,
    UnitDetail,
    UnitForm,
    UnitView,
)
from shared.auth import Caller, Role
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(
    prefix="/units", tags=["units"], route_class=WorkRoute, responses=refusals(401, 403, 404, 422)
)

CLERKS = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY, Role.OPERATOR)
Clerk = Annotated[Caller, allow(*CLERKS, area=Scope.record)]
Reader = Annotated[Caller, allow(*CLERKS, Role.PARTNER_CONTACT, area=Scope.record)]
Lister = Annotated[Caller, allow(*CLERKS, Role.GRID_LEADER, Role.GRID_WORKER, area=Scope.list)]


@router.put(
    "/{code}",
    response_model=UnitDetail,
    summary="Make or change a unit",
    responses={201: {"model": UnitDetail, "description": "The unit is new"}, **refusals(412)},
)
async def put(code: UnitCode, form: UnitForm, work: RequestWork, caller: Clerk, response: Response) -> Unit:
    unit, is_new = await put_unit(work, code, form)
    if is_new:
        response.status_code = 201
        response.headers["Location"] = f"/partners/v1/units/{code}"
    versioned(response, unit.version)
    return unit


@router.get("", response_model=list[UnitView], summary="The units of your areas")
async def listed(
    work: RequestWork,
    caller: Lister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    state: Word = None,
) -> list[Unit]:
    return page_of(request, response, await list_units(work, page, state), page, lambda unit: (unit.code,))


@router.get("/{code}", response_model=UnitDetail, summary="One unit, for itself and its community")
async def one(code: UnitCode, work: RequestWork, caller: Reader, response: Response) -> Unit:
    unit = await get_unit(work, code)
    versioned(response, unit.version)
    return unit


@router.post(
    "/{code}/suspend", response_model=UnitDetail, responses=refusals(409, 412), summary="Ask nothing of it"
)
async def suspend(code: UnitCode, form: Reason, work: RequestWork, caller: Clerk, response: Response) -> Unit:
    unit = await suspend_unit(work, code, form.reason)
    versioned(response, unit.version)
    return unit


@router.post(
    "/{code}/reinstate", response_model=UnitDetail, responses=refusals(409, 412), summary="Take it back in"
)
async def reinstate(code: UnitCode, work: RequestWork, caller: Clerk, response: Response) -> Unit:
    unit = await reinstate_unit(work, code)
    versioned(response, unit.version)
    return unit


@router.post(
    "/{code}/keys", status_code=201, response_model=NewKeyView, summary="Issue an API key, shown once"
)
async def new_key(
    code: UnitCode, work: RequestWork, caller: Clerk, response: Response, form: KeyForm | None = None
) -> NewKeyView:
    key, text = await issue_key(work, code, (form or KeyForm()).label)
    response.headers["Location"] = f"/partners/v1/units/{code}/keys"
    response.headers["Cache-Control"] = "no-store"
    return NewKeyView(**KeyView.model_validate(key).model_dump(), key=text)


@router.get("/{code}/keys", response_model=list[KeyView], summary="The unit's keys, without their secrets")
async def keys(code: UnitCode, work: RequestWork, caller: Reader) -> list[KeyView]:
    return [KeyView.model_validate(key) for key in await list_keys(work, code)]


@router.post("/{code}/keys/{key_id}/revoke", response_model=KeyView, summary="Make a key worthless at once")
async def revoke(code: UnitCode, key_id: KeyId, work: RequestWork, caller: Clerk) -> KeyView:
    return KeyView.model_validate(await revoke_key(work, code, key_id))
