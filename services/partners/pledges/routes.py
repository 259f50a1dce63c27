"""Pledges over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.partners.answers import refusals
from services.partners.filters import Word
from services.partners.forms import Form, Reason
from services.partners.pledges.commands import (
    cancel_pledge,
    confirm_pledge,
    deliver_pledge,
    dispute_pledge,
    note_contact,
    note_no_show,
    rate_pledge,
    schedule_pledge,
)
from services.partners.pledges.models import Pledge
from services.partners.pledges.queries import get_pledge, list_pledges, read_recipient, shown
from services.partners.pledges.views import (
    ConfirmForm,
    DeliverForm,
    PledgeView,
    RatingForm,
    RecipientView,
    ScheduleForm,
    StaffPledgeView,
)
from shared.auth import Caller, Role
from shared.service import Work
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(
    prefix="/pledges", tags=["pledges"], route_class=WorkRoute, responses=refusals(401, 403, 422)
)

CLERKS = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)
STAFF = (*CLERKS, Role.GRID_LEADER, Role.GRID_WORKER)
Unit = Annotated[Caller, allow(Role.PARTNER_CONTACT, area=Scope.record)]
Staff = Annotated[Caller, allow(*STAFF, area=Scope.record)]
ClerkOrUnit = Annotated[Caller, allow(*CLERKS, Role.PARTNER_CONTACT, area=Scope.record)]
Reader = Annotated[Caller, allow(*STAFF, Role.PARTNER_CONTACT, area=Scope.record)]
Lister = Annotated[Caller, allow(*STAFF, Role.PARTNER_CONTACT, area=Scope.list)]

# The wider shape first: a client of either kind gets all fields of its own.
Shown = StaffPledgeView | PledgeView
_COMMAND = refusals(404, 409, 412)


class Why(Form):
    reason: Annotated[str, Field(min_length=3, max_length=500, examples=["delivery on Friday"])]


def answer(work: Work, pledge: Pledge, response: Response) -> Shown:
    versioned(response, pledge.version)
    return shown(work, pledge)


@router.get("", summary="Your pledges, or those of your areas")
async def listed(
    work: RequestWork,
    caller: Lister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    state: Word = None,
    need_id: UUID | None = None,
    issue_id: UUID | None = None,
) -> list[Shown]:
    rows = await list_pledges(work, page, state=state, need_id=need_id, issue_id=issue_id)
    return [shown(work, one) for one in page_of(request, response, rows, page, lambda one: (str(one.id),))]


@router.get("/{pledge_id}", summary="One pledge", responses=refusals(404))
async def one(pledge_id: UUID, work: RequestWork, caller: Reader, response: Response) -> Shown:
    return answer(work, await get_pledge(work, pledge_id), response)


@router.post(
    "/{pledge_id}/recipient", summary="Where to go: asked with a reason, and logged", responses=_COMMAND
)
async def recipient(pledge_id: UUID, why: Why, work: RequestWork, caller: ClerkOrUnit) -> RecipientView:
    return await read_recipient(work, pledge_id, why.reason)


@router.post("/{pledge_id}/contact", summary="Note that you have spoken", responses=_COMMAND)
async def contact(pledge_id: UUID, work: RequestWork, caller: ClerkOrUnit, response: Response) -> Shown:
    return answer(work, await note_contact(work, pledge_id), response)


@router.post("/{pledge_id}/schedule", summary="Agree on a time, first or anew", responses=_COMMAND)
async def schedule(
    pledge_id: UUID, form: ScheduleForm, work: RequestWork, caller: ClerkOrUnit, response: Response
) -> Shown:
    return answer(work, await schedule_pledge(work, pledge_id, form), response)


@router.post("/{pledge_id}/deliver", summary="Say what you brought", responses=_COMMAND)
async def deliver(
    pledge_id: UUID, form: DeliverForm, work: RequestWork, caller: Unit, response: Response
) -> Shown:
    return answer(work, await deliver_pledge(work, pledge_id, form), response)


@router.post("/{pledge_id}/confirm", summary="Sign for it, on the receiving side", responses=_COMMAND)
async def confirm(
    pledge_id: UUID, work: RequestWork, caller: Staff, response: Response, form: ConfirmForm | None = None
) -> Shown:
    return answer(work, await confirm_pledge(work, pledge_id, form or ConfirmForm()), response)


@router.post("/{pledge_id}/dispute", summary="Say that it was not delivered so", responses=_COMMAND)
async def dispute(
    pledge_id: UUID, form: Reason, work: RequestWork, caller: Staff, response: Response
) -> Shown:
    return answer(work, await dispute_pledge(work, pledge_id, form), response)


@router.post("/{pledge_id}/cancel", summary="Take a promise back", responses=_COMMAND)
async def cancel(
    pledge_id: UUID, form: Reason, work: RequestWork, caller: ClerkOrUnit, response: Response
) -> Shown:
    return answer(work, await cancel_pledge(work, pledge_id, form), response)


@router.post("/{pledge_id}/no-show", summary="Note that nobody came", responses=_COMMAND)
async def no_show(pledge_id: UUID, work: RequestWork, caller: Staff, response: Response) -> Shown:
    return answer(work, await note_no_show(work, pledge_id), response)


@router.post("/{pledge_id}/rate", summary="Say how it went, once for each side", responses=_COMMAND)
async def rate(
    pledge_id: UUID, form: RatingForm, work: RequestWork, caller: ClerkOrUnit, response: Response
) -> Shown:
    return answer(work, await rate_pledge(work, pledge_id, form), response)
