"""Cases over HTTP: for staff alone. Units hear of needs, never of cases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.partners.answers import refusals
from services.partners.cases import commands, queries
from services.partners.cases.models import Case
from services.partners.cases.views import CaseView, FileView, GivenForm, OpenForm, PlanForm, WhyForm
from services.partners.filters import Word
from services.partners.forms import Reason
from shared.auth import Caller, Role
from shared.errors import FieldError, Invalid
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(prefix="/cases", tags=["cases"], route_class=WorkRoute, responses=refusals(401, 403, 422))

CLERKS = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)
STAFF = (*CLERKS, Role.GRID_LEADER, Role.GRID_WORKER)
Clerk = Annotated[Caller, allow(*CLERKS, area=Scope.record)]
Staff = Annotated[Caller, allow(*STAFF, area=Scope.record)]
Household = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]

_COMMAND = refusals(404, 409, 412)


def answer(case: Case, response: Response) -> CaseView:
    versioned(response, case.version)
    return queries.shown(case)


@router.post("", status_code=201, summary="Open a case for a household", responses=refusals(409))
async def post(form: OpenForm, work: RequestWork, caller: Clerk, response: Response) -> CaseView:
    case = await commands.open_by_hand(work, form)
    response.headers["Location"] = f"/partners/v1/cases/{case.id}"
    return answer(case, response)


@router.get("", summary="The cases of your areas")
async def listed(
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.list)],
    page: Paging,
    request: Request,
    response: Response,
    *,
    state: Word = None,
    household_code: Household = None,
) -> list[CaseView]:
    rows = await queries.list_cases(work, page, state=state, household_code=household_code)
    found = page_of(request, response, rows, page, lambda case: (str(case.id),))
    return [queries.shown(case) for case in found]


@router.get("/{case_id}", summary="One case", responses=refusals(404))
async def one(case_id: UUID, work: RequestWork, caller: Staff, response: Response) -> CaseView:
    return answer(await queries.get_case(work, case_id), response)


@router.post("/{case_id}/file", summary="Read the plan and what was given (logged)", responses=refusals(404))
async def file(
    case_id: UUID, form: WhyForm, work: RequestWork, caller: Staff, request: Request, *, response: Response
) -> FileView:
    if "idempotency-key" in request.headers:
        message = "a reading of personal data takes no key: each one is logged by itself"
        raise Invalid(message, fields=[FieldError("Idempotency-Key", message)])
    response.headers["Cache-Control"] = "private, no-store"
    return await queries.read_file(work, case_id, form.reason)


@router.put("/{case_id}/plan", summary="Put a plan in force", responses=_COMMAND)
async def plan(
    case_id: UUID, form: PlanForm, work: RequestWork, caller: Clerk, response: Response
) -> CaseView:
    return answer(await commands.set_plan(work, case_id, form), response)


@router.post("/{case_id}/activate", summary="Let people work by the plan", responses=_COMMAND)
async def activate(case_id: UUID, work: RequestWork, caller: Clerk, response: Response) -> CaseView:
    return answer(await commands.activate(work, case_id), response)


@router.post("/{case_id}/give", summary="Write down what was given", responses=_COMMAND)
async def give(
    case_id: UUID, form: GivenForm, work: RequestWork, caller: Staff, response: Response
) -> CaseView:
    return answer(await commands.give(work, case_id, form), response)


@router.post("/{case_id}/review", summary="Look at the plan again", responses=_COMMAND)
async def review(
    case_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> CaseView:
    return answer(await commands.move_on(work, case_id, "review", form), response)


@router.post("/{case_id}/close", summary="The household needs no more help", responses=_COMMAND)
async def close(
    case_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> CaseView:
    return answer(await commands.move_on(work, case_id, "close", form), response)


@router.post("/{case_id}/transfer", summary="Another community helps from now on", responses=_COMMAND)
async def transfer(
    case_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> CaseView:
    return answer(await commands.move_on(work, case_id, "transfer", form), response)
