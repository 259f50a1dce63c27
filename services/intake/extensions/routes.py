"""More time over HTTP: two commands of the state table, and what was asked for."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from services.intake.extensions import commands
from services.intake.extensions.bodies import DecisionIn, ExtensionIn
from services.intake.issues.command_routes import allowed_to, answered
from services.intake.issues.rules import STAFF
from services.intake.issues.views import IssueOut
from shared.auth import Caller, Role
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(prefix="/issues/{issue_id}", tags=["commands"], route_class=WorkRoute)


class ExtensionOut(BaseModel):
    """The time that was asked for; `granted` is missing until somebody of that level has decided."""

    model_config = ConfigDict(from_attributes=True)

    asked_by: str
    asked_at: datetime
    reason_code: str
    to_level: int
    due_before: datetime
    due_asked: datetime
    decided_by: str | None
    decided_at: datetime | None
    granted: bool | None


@router.get("/extension", summary="The time that was asked for, and what was decided")
async def read(
    issue_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, Role.STREET_OFFICER, area=Scope.record)],
) -> ExtensionOut:
    return ExtensionOut.model_validate(await commands.read_extension(work, issue_id))


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
