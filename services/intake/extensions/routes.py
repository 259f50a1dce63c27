"""More time over HTTP: two commands of the state table."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.intake.extensions import commands
from services.intake.extensions.bodies import DecisionIn, ExtensionIn
from services.intake.issues.command_routes import allowed_to, answered
from services.intake.issues.views import IssueOut
from shared.auth import Caller
from shared.web import RequestWork, WorkRoute

router = APIRouter(prefix="/issues/{issue_id}", tags=["commands"], route_class=WorkRoute)


@router.post("/ask-extension", summary="Ask the level above for more time (handler)")
async def ask_extension(
    issue_id: UUID, body: ExtensionIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("ask-extension")],
) -> IssueOut:  # fmt: skip
    return answered(await commands.ask_extension(work, issue_id, body), caller, response)


@router.post("/decide-extension", summary="Give more time, or not (the level above)")
async def decide_extension(
    issue_id: UUID, body: DecisionIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("decide-extension")],
) -> IssueOut:  # fmt: skip
    return answered(await commands.decide_extension(work, issue_id, body), caller, response)
