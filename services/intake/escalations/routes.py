"""Escalations over HTTP: /intake/v1/escalations. They begin at an issue, with `escalate`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.intake.escalations import answers, commands, grounds, passing, reading
from services.intake.escalations.answers import Answer
from services.intake.escalations.bodies import (
    AcknowledgeIn,
    PassOnIn,
    ProgressIn,
    RefusalIn,
    ReplyIn,
    ReturnIn,
)
from services.intake.escalations.models import Escalation
from services.intake.escalations.views import CriterionOut, EscalationOut
from services.intake.issues.rules import LEADERS, OFFICE, STAFF
from shared.auth import Caller, Role
from shared.events.intake import EscalationState, EscalationType
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

router = APIRouter(prefix="/escalations", tags=["escalations"], route_class=WorkRoute)
grounds_router = APIRouter(prefix="/issues", tags=["escalations"], route_class=WorkRoute)

READERS = STAFF | {Role.STREET_OFFICER}
# Who speaks for the level that is asked is held to it by the use case.
ANSWERERS = LEADERS | {Role.STREET_OFFICER}
Secretary = Annotated[Caller, allow(Role.COMMUNITY_SECRETARY, area=Scope.record)]
Office = Annotated[Caller, allow(*OFFICE, area=Scope.record)]
Answerer = Annotated[Caller, allow(*ANSWERERS, area=Scope.record)]


def shown(escalation: Escalation, response: Response) -> EscalationOut:
    """The escalation as it stands, under its version."""
    versioned(response, escalation.version)
    return EscalationOut.of(escalation)


@router.get("", summary="Escalations of your areas, the newest first")
async def list_all(
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Annotated[Caller, allow(*READERS, area=Scope.list)],
    page: Paging,
    *,
    state: EscalationState | None = None,
    type: EscalationType | None = None,
    issue_id: UUID | None = None,
) -> list[EscalationOut]:
    found = await reading.list_escalations(work, page, state=state, kind=type, issue_id=issue_id)
    return [
        EscalationOut.of(one) for one in page_of(request, response, found, page, lambda one: (str(one.id),))
    ]


@router.get("/{escalation_id}", summary="One escalation with its dossier")
async def read(
    escalation_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*READERS, area=Scope.record)],
    response: Response,
) -> EscalationOut:
    return shown(await reading.read_escalation(work, escalation_id), response)


@router.post("/{escalation_id}/approve", summary="Say yes: it is sent (secretary)")
async def approve(
    escalation_id: UUID, work: RequestWork, caller: Secretary, response: Response
) -> EscalationOut:
    return shown(await commands.approve(work, escalation_id), response)


@router.post("/{escalation_id}/refuse", summary="Say no, with a reason (secretary)")
async def refuse(
    escalation_id: UUID, body: RefusalIn, work: RequestWork, caller: Secretary, response: Response
) -> EscalationOut:
    return shown(await commands.refuse(work, escalation_id, body), response)


@router.post("/{escalation_id}/recall", summary="Take it back")
async def recall(
    escalation_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, Role.STREET_OFFICER, area=Scope.record)],
    response: Response,
) -> EscalationOut:
    return shown(await commands.recall(work, escalation_id), response)


@router.post("/{escalation_id}/close", summary="Nothing is left to do on it")
async def close(escalation_id: UUID, work: RequestWork, caller: Office, response: Response) -> EscalationOut:
    return shown(await commands.close(work, escalation_id), response)


@router.post("/{escalation_id}/acknowledge", summary="The level that is asked takes it")
async def acknowledge(
    escalation_id: UUID, body: AcknowledgeIn, work: RequestWork, caller: Answerer, response: Response
) -> EscalationOut:
    escalation, issue = await answers.held(work, escalation_id, "acknowledge")
    answers.acknowledge(work, escalation, issue, Answer(by=caller.subject, street_no=body.street_no))
    return shown(escalation, response)


@router.post("/{escalation_id}/pass-on", status_code=201, summary="The street asks the district (street)")
async def pass_on(
    escalation_id: UUID,
    body: PassOnIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(Role.STREET_OFFICER, area=Scope.record)],
    response: Response,
) -> EscalationOut:
    passed = await passing.pass_on(work, escalation_id, body)
    response.headers["Location"] = f"/intake/v1/escalations/{passed.id}"
    return shown(passed, response)


@router.post("/{escalation_id}/progress", summary="The level that is asked works on it")
async def progress(
    escalation_id: UUID, body: ProgressIn, work: RequestWork, caller: Answerer, response: Response
) -> EscalationOut:
    escalation, issue = await answers.held(work, escalation_id, "progress")
    answers.progress(work, escalation, issue, Answer(by=caller.subject, text=body.text))
    return shown(escalation, response)


@router.post("/{escalation_id}/return", summary="The level that is asked hands it back")
async def hand_back(
    escalation_id: UUID, body: ReturnIn, work: RequestWork, caller: Answerer, response: Response
) -> EscalationOut:
    escalation, issue = await answers.held(work, escalation_id, "return")
    answer = Answer(by=caller.subject, text=body.text, code=body.reason_code, by_leader=body.by_leader)
    await answers.hand_back(work, escalation, issue, answer)
    return shown(escalation, response)


@router.post("/{escalation_id}/reply", summary="The level that is asked answers in substance")
async def reply(
    escalation_id: UUID, body: ReplyIn, work: RequestWork, caller: Answerer, response: Response
) -> EscalationOut:
    escalation, issue = await answers.held(work, escalation_id, "reply")
    answer = Answer(
        by=caller.subject,
        text=body.text,
        code=body.outcome_code,
        needs_community_action=body.needs_community_action,
    )
    await answers.reply(work, escalation, issue, answer)
    return shown(escalation, response)


@grounds_router.get("/{issue_id}/escalation-criteria", summary="What speaks for handing an issue up")
async def list_criteria(
    issue_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*READERS, area=Scope.record)]
) -> list[CriterionOut]:
    return await grounds.list_grounds(work, issue_id)
