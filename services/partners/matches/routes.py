"""Matches over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.partners.answers import refusals
from services.partners.filters import Word
from services.partners.forms import Reason
from services.partners.matches.commands import (
    approve_match,
    decline_match,
    get_match,
    list_matches,
    match_by_hand,
    offer_match,
)
from services.partners.matches.models import Match
from services.partners.matches.queries import shown
from services.partners.matches.views import AcceptForm, AskedMatchView, MatchForm, MatchView
from services.partners.pledges.promises import accept_match
from services.partners.pledges.views import PledgeView
from shared.auth import Caller, Role
from shared.service import Work
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(
    prefix="/matches", tags=["matches"], route_class=WorkRoute, responses=refusals(401, 403, 422)
)

CLERKS = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)
STAFF = (*CLERKS, Role.GRID_LEADER, Role.GRID_WORKER)
Clerk = Annotated[Caller, allow(*CLERKS, area=Scope.record)]
Unit = Annotated[Caller, allow(Role.PARTNER_CONTACT, area=Scope.record)]
ClerkOrUnit = Annotated[Caller, allow(*CLERKS, Role.PARTNER_CONTACT, area=Scope.record)]
Reader = Annotated[Caller, allow(*STAFF, Role.PARTNER_CONTACT, area=Scope.record)]
Lister = Annotated[Caller, allow(*STAFF, Role.PARTNER_CONTACT, area=Scope.list)]

Shown = MatchView | AskedMatchView
_COMMAND = refusals(404, 409, 412)


async def answer(work: Work, match: Match, response: Response) -> Shown:
    versioned(response, match.version)
    return (await shown(work, [match]))[0]


@router.post("", status_code=201, summary="Match by hand", responses=refusals(404, 409))
async def by_hand(form: MatchForm, work: RequestWork, caller: Clerk, response: Response) -> Shown:
    match = await match_by_hand(work, form)
    response.headers["Location"] = f"/partners/v1/matches/{match.id}"
    return await answer(work, match, response)


@router.get("", summary="The matches of your areas; for a unit, what it was asked for")
async def listed(
    work: RequestWork,
    caller: Lister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    state: Word = None,
    need_id: UUID | None = None,
    offer_id: UUID | None = None,
    issue_id: UUID | None = None,
) -> list[Shown]:
    rows = await list_matches(work, page, state=state, need_id=need_id, offer_id=offer_id, issue_id=issue_id)
    return await shown(work, page_of(request, response, rows, page, lambda match: (str(match.id),)))


@router.get("/{match_id}", summary="One match", responses=refusals(404))
async def one(match_id: UUID, work: RequestWork, caller: Reader, response: Response) -> Shown:
    return await answer(work, await get_match(work, match_id), response)


@router.post("/{match_id}/approve", summary="Agree, before anybody is asked", responses=_COMMAND)
async def approve(match_id: UUID, work: RequestWork, caller: Clerk, response: Response) -> Shown:
    return await answer(work, await approve_match(work, match_id), response)


@router.post("/{match_id}/offer", summary="Ask the unit", responses=_COMMAND)
async def offer(match_id: UUID, work: RequestWork, caller: Clerk, response: Response) -> Shown:
    return await answer(work, await offer_match(work, match_id), response)


@router.post("/{match_id}/decline", summary="Say no, on either side", responses=_COMMAND)
async def decline(
    match_id: UUID, form: Reason, work: RequestWork, caller: ClerkOrUnit, response: Response
) -> Shown:
    return await answer(work, await decline_match(work, match_id, form), response)


@router.post("/{match_id}/accept", status_code=201, summary="Promise it: makes a pledge", responses=_COMMAND)
async def accept(
    match_id: UUID, work: RequestWork, caller: Unit, response: Response, form: AcceptForm | None = None
) -> PledgeView:
    """Reserves what you promise. `capacity-exhausted` says that your offer has less left than that."""
    pledge = await accept_match(work, match_id, form.quantity if form else None)
    response.headers["Location"] = f"/partners/v1/pledges/{pledge.id}"
    versioned(response, pledge.version)
    return PledgeView.model_validate(pledge)
