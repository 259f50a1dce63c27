"""Channels over HTTP: what there is, the street's orders, and words added to a report."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.intake.channels import additions, dispatch
from services.intake.channels.bodies import AdditionIn, CodedAdditionIn, DispatchIn, OffListIn
from services.intake.channels.rules import Channels
from services.intake.issues.rules import OFFICE, REPORTERS
from services.intake.issues.views import IssueOut
from services.intake.words import IssueNo
from shared.auth import Caller, Role
from shared.web import RequestWork, Scope, WorkRoute, allow, allow_anyone, versioned

router = APIRouter(tags=["channels"], route_class=WorkRoute)


class ChannelOut(BaseModel):
    """One channel; who may choose it when they report stands in `roles`."""

    code: str
    zh: str
    en: str
    roles: list[Role]


class AddedOut(BaseModel):
    """What was added to, and when."""

    no: str
    added_at: datetime


@router.get("/channels", summary="The channels by which matters come in")
async def list_channels(work: RequestWork, caller: Annotated[Caller, allow_anyone()]) -> list[ChannelOut]:
    return [
        ChannelOut(code=code, zh=rule.zh, en=rule.en, roles=sorted(rule.roles))
        for code, rule in work.part(Channels).channels.items()
    ]


@router.post("/dispatches", status_code=201, summary="Take in an order of the street (上级交办)")
async def take_dispatch(
    body: DispatchIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, Role.STREET_OFFICER, area=Scope.record)],
    response: Response,
) -> IssueOut:
    issue = await dispatch.take_dispatch(work, body)
    response.headers["Location"] = f"/intake/v1/issues/{issue.id}"
    versioned(response, issue.version)
    return IssueOut.of(issue, caller)


@router.post("/issues/{issue_id}/allow-off-list", summary="Let grid workers do what is off their list")
async def allow_off_list(
    issue_id: UUID,
    body: OffListIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.record)],
    response: Response,
) -> IssueOut:
    issue = await dispatch.allow_off_list(work, issue_id, body)
    versioned(response, issue.version)
    return IssueOut.of(issue, caller)


@router.post("/issues/{issue_id}/additions", status_code=201, summary="Add words to your own report")
async def add_to_own(
    issue_id: UUID,
    body: AdditionIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*REPORTERS, area=Scope.record)],
) -> AddedOut:
    issue = await additions.add_to_own(work, issue_id, body.text)
    return AddedOut(no=issue.no, added_at=work.now)


@router.post("/track/{issue_no}/additions", status_code=201, summary="Add words with the code of a report")
async def add_by_code(
    issue_no: IssueNo,
    body: CodedAdditionIn,
    work: RequestWork,
    caller: Annotated[Caller, allow_anyone()],
) -> AddedOut:
    issue = await additions.add_by_code(work, issue_no, body.code, body.text)
    return AddedOut(no=issue.no, added_at=work.now)
