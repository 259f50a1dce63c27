"""The commands of the state table over HTTP: POST /intake/v1/issues/{id}/{command}."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.params import Depends

from services.intake.escalations.bodies import EscalateIn
from services.intake.escalations.commands import escalate_issue
from services.intake.escalations.views import EscalationOut
from services.intake.families import calling, merging
from services.intake.issues import acceptance, assignment, handling, sorting, verification
from services.intake.issues.bodies import (
    AcceptIn,
    AssignIn,
    CallBackIn,
    HelpIn,
    MergeIn,
    NoteIn,
    ReasonIn,
    RejectIn,
    ResolveIn,
    SuspendIn,
    VerifyIn,
)
from services.intake.issues.models import Issue
from services.intake.issues.rules import COMMANDS
from services.intake.issues.sorting import RecategoriseIn
from services.intake.issues.views import IssueOut
from shared.auth import Caller
from shared.web import RequestWork, Scope, WorkRoute, allow, versioned

router = APIRouter(prefix="/issues/{issue_id}", tags=["commands"], route_class=WorkRoute)


def allowed_to(command: str) -> Depends:
    """The roles of the state table."""
    return cast(Depends, allow(*sorted(COMMANDS[command].roles), area=Scope.record))


def answered(issue: Issue, caller: Caller, response: Response) -> IssueOut:
    """The issue as it stands after the command, under its new version."""
    versioned(response, issue.version)
    return IssueOut.of(issue, caller)


@router.post("/accept", summary="Say that it is ours, what it is and how urgent")
async def accept(
    issue_id: UUID, body: AcceptIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("accept")],
) -> IssueOut:  # fmt: skip
    return answered(await acceptance.accept_issue(work, issue_id, body), caller, response)


@router.post("/reject", summary="Say that it is not ours, and what to do instead")
async def reject(
    issue_id: UUID, body: RejectIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("reject")],
) -> IssueOut:  # fmt: skip
    return answered(await acceptance.reject_issue(work, issue_id, body), caller, response)


@router.post("/merge", summary="Let another issue stand for this one")
async def merge(
    issue_id: UUID, body: MergeIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("merge")],
) -> IssueOut:  # fmt: skip
    return answered(await merging.merge_issue(work, issue_id, body), caller, response)


@router.post("/unmerge", summary="Let it go its own way again")
async def unmerge(
    issue_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("unmerge")],
) -> IssueOut:  # fmt: skip
    return answered(await merging.unmerge_issue(work, issue_id, body), caller, response)


@router.post("/assign", summary="Name the handler")
async def assign(
    issue_id: UUID, body: AssignIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("assign")],
) -> IssueOut:  # fmt: skip
    return answered(await assignment.assign_issue(work, issue_id, body), caller, response)


@router.post("/transfer", summary="Give work that has begun to another person")
async def transfer(
    issue_id: UUID, body: AssignIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("transfer")],
) -> IssueOut:  # fmt: skip
    return answered(await assignment.transfer_issue(work, issue_id, body), caller, response)


@router.post("/recategorise", summary="Say that it is of another kind or urgency")
async def recategorise(
    issue_id: UUID, body: RecategoriseIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("recategorise")],
) -> IssueOut:  # fmt: skip
    return answered(await sorting.recategorise_issue(work, issue_id, body), caller, response)


@router.post("/decline", summary="Hand it back with a reason (handler)")
async def decline(
    issue_id: UUID, body: ReasonIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("decline")],
) -> IssueOut:  # fmt: skip
    return answered(await assignment.decline_issue(work, issue_id, body), caller, response)


@router.post("/start", summary="Note the first contact with the reporter (handler)")
async def start(
    issue_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("start")],
) -> IssueOut:  # fmt: skip
    return answered(await handling.start_issue(work, issue_id, body), caller, response)


@router.post("/suspend", summary="Let the clock stand still for a reason")
async def suspend(
    issue_id: UUID, body: SuspendIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("suspend")],
) -> IssueOut:  # fmt: skip
    return answered(await handling.suspend_issue(work, issue_id, body), caller, response)


@router.post("/resume", summary="Let the clock run again")
async def resume(
    issue_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("resume")],
) -> IssueOut:  # fmt: skip
    return answered(await handling.resume_issue(work, issue_id, body), caller, response)


@router.post("/request-help", summary="Ask partner units for something (handler)")
async def request_help(
    issue_id: UUID, body: HelpIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("request-help")],
) -> IssueOut:  # fmt: skip
    return answered(await handling.request_help(work, issue_id, body), caller, response)


@router.post("/resolve", summary="Say that it is done, with evidence (handler)")
async def resolve(
    issue_id: UUID, body: ResolveIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("resolve")],
) -> IssueOut:  # fmt: skip
    return answered(await handling.resolve_issue(work, issue_id, body), caller, response)


@router.post("/rework", summary="Find it not done (a second person)")
async def rework(
    issue_id: UUID, body: ReasonIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("rework")],
) -> IssueOut:  # fmt: skip
    return answered(await verification.rework_issue(work, issue_id, body), caller, response)


@router.post("/verify", summary="Find it done (a second person)")
async def verify(
    issue_id: UUID, body: VerifyIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("verify")],
) -> IssueOut:  # fmt: skip
    return answered(await verification.verify_issue(work, issue_id, body), caller, response)


@router.post("/call-back", summary="Ask who reported it (a second person)")
async def call_back(
    issue_id: UUID, body: CallBackIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("call-back")],
) -> IssueOut:  # fmt: skip
    return answered(await calling.call_back(work, issue_id, body), caller, response)


@router.post("/reopen", summary="Bring a closed issue back (reporter)")
async def reopen(
    issue_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("reopen")],
) -> IssueOut:  # fmt: skip
    return answered(await verification.reopen_issue(work, issue_id, body), caller, response)


@router.post("/withdraw", summary="Take the matter back (reporter)")
async def withdraw(
    issue_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("withdraw")],
) -> IssueOut:  # fmt: skip
    return answered(await handling.withdraw_issue(work, issue_id, body), caller, response)


@router.post(
    "/escalate", status_code=201, summary="Ask a higher level: hand over, call to come, ask for relief"
)
async def escalate(
    issue_id: UUID, body: EscalateIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("escalate")],
) -> EscalationOut:  # fmt: skip
    escalation = await escalate_issue(work, issue_id, body)
    response.headers["Location"] = f"/intake/v1/escalations/{escalation.id}"
    versioned(response, escalation.version)
    return EscalationOut.of(escalation)
