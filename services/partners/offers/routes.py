"""Offers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.partners.answers import refusals
from services.partners.filters import InUnit, Word
from services.partners.forms import Reason
from services.partners.offers.commands import edit_offer, post_offer, submit_offer, withdraw_offer
from services.partners.offers.models import Offer
from services.partners.offers.reviews import (
    get_offer,
    list_offers,
    publish_offer,
    reject_offer,
    return_offer,
    review_offer,
    suspend_offer,
)
from services.partners.offers.views import OfferContent, OfferForm, OfferView
from shared.auth import Caller, Role
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(
    prefix="/offers", tags=["offers"], route_class=WorkRoute, responses=refusals(401, 403, 422)
)

CLERKS = (Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)
READERS = (*CLERKS, Role.OPERATOR, Role.GRID_LEADER, Role.GRID_WORKER, Role.PARTNER_CONTACT)
Unit = Annotated[Caller, allow(Role.PARTNER_CONTACT, area=Scope.record)]
Clerk = Annotated[Caller, allow(*CLERKS, area=Scope.record)]
Either = Annotated[Caller, allow(*CLERKS, Role.PARTNER_CONTACT, area=Scope.record)]
Reader = Annotated[Caller, allow(*READERS, area=Scope.record)]
Lister = Annotated[Caller, allow(*READERS, area=Scope.list)]

_COMMAND = refusals(404, 409, 412)


def shown(offer: Offer, response: Response) -> OfferView:
    versioned(response, offer.version)
    return OfferView.model_validate(offer)


@router.post(
    "",
    status_code=201,
    summary="Post an offer",
    responses={
        200: {"model": OfferView, "description": "You sent this offer before: here it is as it stands now"},
        **refusals(409),
    },
)
async def post(form: OfferForm, work: RequestWork, caller: Unit, response: Response) -> OfferView:
    """Goods of a unit in good standing are listed at once; all else is looked at by the community first.

    The same `external_ref` with the same content answers 200 and the first offer; with other content it is
    refused with 409 `external-ref-taken`.
    """
    offer, is_new = await post_offer(work, form)
    response.headers["Location"] = f"/partners/v1/offers/{offer.id}"
    if not is_new:
        response.status_code = 200
    return shown(offer, response)


@router.get("", summary="Your offers, or those of your community")
async def listed(
    work: RequestWork,
    caller: Lister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    state: Word = None,
    kind: Word = None,
    unit: InUnit = None,
) -> list[OfferView]:
    rows = await list_offers(work, page, state=state, kind=kind, unit_code=unit)
    offers = page_of(request, response, rows, page, lambda offer: (str(offer.id),))
    return [OfferView.model_validate(offer) for offer in offers]


@router.get("/{offer_id}", summary="One offer", responses=refusals(404))
async def one(offer_id: UUID, work: RequestWork, caller: Reader, response: Response) -> OfferView:
    return shown(await get_offer(work, offer_id), response)


@router.put("/{offer_id}", summary="Change an offer that is not listed yet", responses=_COMMAND)
async def edit(
    offer_id: UUID, content: OfferContent, work: RequestWork, caller: Unit, response: Response
) -> OfferView:
    return shown(await edit_offer(work, offer_id, content), response)


@router.post("/{offer_id}/submit", summary="Hand an offer to the community", responses=_COMMAND)
async def submit(offer_id: UUID, work: RequestWork, caller: Unit, response: Response) -> OfferView:
    return shown(await submit_offer(work, offer_id), response)


@router.post("/{offer_id}/withdraw", summary="Take back what is not promised", responses=_COMMAND)
async def withdraw(offer_id: UUID, work: RequestWork, caller: Either, response: Response) -> OfferView:
    return shown(await withdraw_offer(work, offer_id), response)


@router.post("/{offer_id}/review", summary="Take an offer up for review", responses=_COMMAND)
async def review(offer_id: UUID, work: RequestWork, caller: Clerk, response: Response) -> OfferView:
    return shown(await review_offer(work, offer_id), response)


@router.post("/{offer_id}/publish", summary="Put an offer on the list, first or again", responses=_COMMAND)
async def list_it(offer_id: UUID, work: RequestWork, caller: Clerk, response: Response) -> OfferView:
    return shown(await publish_offer(work, offer_id), response)


@router.post("/{offer_id}/reject", summary="Decline an offer for good", responses=_COMMAND)
async def reject(
    offer_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> OfferView:
    return shown(await reject_offer(work, offer_id, form), response)


@router.post("/{offer_id}/needs-changes", summary="Send an offer back for changes", responses=_COMMAND)
async def send_back(
    offer_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> OfferView:
    return shown(await return_offer(work, offer_id, form), response)


@router.post("/{offer_id}/suspend", summary="Take an offer off the list for a while", responses=_COMMAND)
async def suspend(
    offer_id: UUID, form: Reason, work: RequestWork, caller: Clerk, response: Response
) -> OfferView:
    return shown(await suspend_offer(work, offer_id, form), response)
