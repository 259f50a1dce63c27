"""Oversight over HTTP: readings that are looked at again, alarms, and what people ask of their data."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.intake.issues.bodies import WhyIn
from services.intake.issues.routes import once_only
from services.intake.issues.rules import OFFICE
from services.intake.oversight import alarms, requests, reviews
from services.intake.oversight.bodies import AlarmAnswerIn, RequestAnswerIn, RequestIn, VerdictIn
from services.intake.oversight.views import AlarmOut, RequestOut, RequestWordsOut, ReviewOut
from shared.auth import Caller, Role
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of

router = APIRouter(prefix="/oversight", tags=["oversight"], route_class=WorkRoute)
asked = APIRouter(prefix="/people/requests", tags=["personal data"], route_class=WorkRoute)

Overseer = Annotated[Caller, allow(Role.COMMUNITY_SECRETARY, Role.OPERATOR, area=Scope.record)]
IsOpen = Annotated[bool | None, Query(alias="open", description="Only those that wait, or only the others")]


@router.get("/reviews", summary="Readings of personal data that chance picked for a second look")
async def list_reviews(
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Overseer,
    page: Paging,
    *,
    month: Annotated[date | None, Query(description="Any day of the month in which they were read")] = None,
    is_open: IsOpen = None,
) -> list[ReviewOut]:
    found = await reviews.list_reviews(work, page, month=month, is_open=is_open)
    return page_of(request, response, found, page, lambda one: (str(one.id),))


@router.post("/reviews/{review_id}/verdict", summary="Say what a reading was; nobody reviews their own")
async def give_verdict(review_id: UUID, body: VerdictIn, work: RequestWork, caller: Overseer) -> ReviewOut:
    return await reviews.give_verdict(work, review_id, body)


@router.get("/alarms", summary="Who read the data of unusually many persons")
async def list_alarms(
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Overseer,
    page: Paging,
    *,
    is_open: IsOpen = None,
) -> list[AlarmOut]:
    found = await alarms.list_alarms(work, page, is_open=is_open)
    shown = page_of(request, response, found, page, lambda one: (str(one.id),))
    return [AlarmOut.model_validate(alarm) for alarm in shown]


@router.post("/alarms/{alarm_id}/answer", summary="Say what lay behind an alarm")
async def answer_alarm(alarm_id: UUID, body: AlarmAnswerIn, work: RequestWork, caller: Overseer) -> AlarmOut:
    return AlarmOut.model_validate(await alarms.answer_alarm(work, alarm_id, body.note))


@asked.post("", status_code=201, summary="Ask to see, correct or erase data; answered in 15 working days")
async def ask(
    body: RequestIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, Role.RESIDENT, area=Scope.record)],
) -> RequestOut:
    return RequestOut.of(await requests.ask(work, body), work.now)


@asked.get("", summary="What people asked of their data, who has waited longest first; or your own requests")
async def list_requests(
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, Role.RESIDENT, area=Scope.list)],
    page: Paging,
    *,
    state: Literal["asked", "answered"] | None = None,
) -> list[RequestOut]:
    found = await requests.list_requests(work, page, state=state)
    shown = page_of(request, response, found, page, lambda one: (str(one.id),))
    return [RequestOut.of(one, work.now) for one in shown]


@asked.post("/{request_id}/words", summary="Read what somebody asked, and the answer (logged)")
async def read_words(
    request_id: UUID,
    body: WhyIn,
    request: Request,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, Role.RESIDENT, area=Scope.record)],
) -> RequestWordsOut:
    once_only(request)
    return RequestWordsOut.model_validate(await requests.read_words(work, request_id, body.reason))


@asked.post("/{request_id}/answer", summary="Say what became of a request, and why where it was refused")
async def answer(
    request_id: UUID,
    body: RequestAnswerIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.record)],
) -> RequestOut:
    return RequestOut.of(await requests.answer(work, request_id, body), work.now)
