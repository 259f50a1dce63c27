"""Mediations over HTTP: /intake/v1/mediations. They begin at an issue, with POST …/mediations."""

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.intake.issues.bodies import WhyIn
from services.intake.issues.routes import once_only
from services.intake.issues.rules import STAFF
from services.intake.mediation import agreements, commands, reading
from services.intake.mediation.bodies import (
    ConfirmIn,
    ConsentIn,
    EndIn,
    FactsIn,
    FollowUpIn,
    OpenIn,
    PerformIn,
    ProlongIn,
    SessionIn,
    SignIn,
)
from services.intake.mediation.models import Mediation
from services.intake.mediation.views import FileOut, MediationOut
from shared.auth import Caller
from shared.service import Work
from shared.web import RequestWork, Scope, WorkRoute, allow, versioned

of_issue = APIRouter(prefix="/issues/{issue_id}/mediations", tags=["mediations"], route_class=WorkRoute)
router = APIRouter(prefix="/mediations/{mediation_id}", tags=["mediations"], route_class=WorkRoute)
Staff = Annotated[Caller, allow(*STAFF, area=Scope.record)]


async def shown(work: Work, changed: Awaitable[Mediation], response: Response) -> MediationOut:
    """The mediation as it stands after the command, under its version."""
    mediation = await changed
    versioned(response, mediation.version)
    return MediationOut.of(await reading.whole_of(work, mediation))


@of_issue.post("", status_code=201, summary="Ask the parties whether they want to be mediated")
async def open_one(
    issue_id: UUID, body: OpenIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    opened = await shown(work, commands.open_mediation(work, issue_id, body), response)
    response.headers["Location"] = f"/intake/v1/mediations/{opened.id}"
    return opened


@of_issue.get("", summary="The mediations of an issue")
async def list_all(issue_id: UUID, work: RequestWork, caller: Staff) -> list[MediationOut]:
    return [MediationOut.of(whole) for whole in await reading.list_mediations(work, issue_id)]


@router.get("", summary="One mediation, without its words")
async def read(mediation_id: UUID, work: RequestWork, caller: Staff, response: Response) -> MediationOut:
    whole = await reading.read_mediation(work, mediation_id)
    versioned(response, whole.mediation.version)
    return MediationOut.of(whole)


@router.post("/file", summary="Read who is at odds, the facts and the agreement (logged)")
async def read_file(
    mediation_id: UUID, body: WhyIn, request: Request, work: RequestWork, caller: Staff
) -> FileOut:
    once_only(request)
    return FileOut.of(await reading.read_file(work, mediation_id, body.reason), caller)


@router.post("/consent", summary="Note whether a party wants to be mediated")
async def consent(
    mediation_id: UUID, body: ConsentIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, commands.note_consent(work, mediation_id, body), response)


@router.post("/find-facts", summary="Note what was found out")
async def find_facts(
    mediation_id: UUID, body: FactsIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, commands.note_facts(work, mediation_id, body), response)


@router.post("/hold-session", summary="Note that the parties met")
async def hold_session(
    mediation_id: UUID, body: SessionIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, commands.note_session(work, mediation_id, body), response)


@router.post("/prolong", summary="Take longer than a month, as all parties agree")
async def prolong(
    mediation_id: UUID, body: ProlongIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, commands.prolong_mediation(work, mediation_id, body), response)


@router.post("/sign", summary="Note the agreement that all parties have signed")
async def sign(
    mediation_id: UUID, body: SignIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, agreements.sign_agreement(work, mediation_id, body), response)


@router.post("/confirm", summary="Note that a court has confirmed the agreement")
async def confirm(
    mediation_id: UUID, body: ConfirmIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, agreements.confirm_agreement(work, mediation_id, body), response)


@router.post("/perform", summary="Note what was done of a duty")
async def perform(
    mediation_id: UUID, body: PerformIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, agreements.note_performance(work, mediation_id, body), response)


@router.post("/follow-up", summary="Note whether the peace holds")
async def follow_up(
    mediation_id: UUID, body: FollowUpIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, agreements.follow_up(work, mediation_id, body), response)


@router.post("/fail", summary="Note that no agreement comes of it")
async def fail(
    mediation_id: UUID, body: EndIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, commands.fail_mediation(work, mediation_id, body), response)


@router.post("/breach", summary="Note that the agreement is not kept")
async def breach(
    mediation_id: UUID, body: EndIn, work: RequestWork, caller: Staff, response: Response
) -> MediationOut:
    return await shown(work, agreements.breach_agreement(work, mediation_id, body), response)
