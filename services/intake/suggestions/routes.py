"""Suggestions over HTTP: for an issue, for a matter that is being written, and the clerk's answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.intake.issues.command_routes import answered
from services.intake.issues.rules import OFFICE, STAFF
from services.intake.issues.views import IssueOut
from services.intake.suggestions import commands
from services.intake.suggestions.bodies import AnswerIn, DraftIn
from services.intake.suggestions.views import RecordOut, SuggestionsOut
from shared.auth import Caller
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(prefix="/issues/{issue_id}/suggestions", tags=["suggestions"], route_class=WorkRoute)
drafts = APIRouter(prefix="/suggestions", tags=["suggestions"], route_class=WorkRoute)


@router.get("", summary="What an issue may be, and which open issues may be the same matter")
async def suggest(
    issue_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*STAFF, area=Scope.record)]
) -> SuggestionsOut:
    """Every suggestion comes with its reasons, and changes nothing."""
    return await commands.suggest_for_issue(work, issue_id)


@router.post("/answers", summary="Take a suggestion, or decline it for good")
async def answer(
    issue_id: UUID,
    body: AnswerIn,
    work: RequestWork,
    response: Response,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.record)],
) -> IssueOut:
    return answered(await commands.answer_suggestion(work, issue_id, body), caller, response)


@drafts.post("", summary="What a matter may be that is being written, and whether it is known already")
async def suggest_for_draft(
    body: DraftIn, work: RequestWork, caller: Annotated[Caller, allow(*STAFF, area=Scope.list)]
) -> SuggestionsOut:
    """Nothing is kept of it."""
    return await commands.suggest_for_draft(work, body)


@drafts.get("/record", summary="How often clerks said yes to suggestions")
async def read_record(
    work: RequestWork, caller: Annotated[Caller, allow(*OFFICE, area=Scope.list)]
) -> list[RecordOut]:
    return await commands.read_record(work)
