"""What people answer to the clocks, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.intake.clocks.bodies import InterimReplyIn
from services.intake.clocks.replies import reply_for_now
from services.intake.issues.command_routes import allowed_to, answered
from services.intake.issues.views import IssueOut
from shared.auth import Caller
from shared.web import RequestWork, WorkRoute

router = APIRouter(prefix="/issues/{issue_id}", tags=["commands"], route_class=WorkRoute)


@router.post("/interim-reply", summary="Tell the reporter how it stands")
async def interim_reply(
    issue_id: UUID, body: InterimReplyIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("interim-reply")],
) -> IssueOut:  # fmt: skip
    return answered(await reply_for_now(work, issue_id, body), caller, response)
