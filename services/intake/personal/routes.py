"""Personal data over HTTP: all that is kept of somebody, its erasure, and what people agreed to."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.intake.issues.bodies import WhyIn
from services.intake.issues.routes import once_only
from services.intake.issues.rules import OFFICE, REPORTERS, STAFF
from services.intake.personal import commands, consents, correcting, portraits
from services.intake.personal.bodies import AgreedIn, CorrectionIn, PersonIn, PortraitIn
from services.intake.personal.finding import Person
from services.intake.personal.rules import PersonalRules, Purpose
from services.intake.personal.views import (
    ConsentOut,
    CorrectedOut,
    DossierOut,
    ErasedOut,
    FileOut,
    PortraitOut,
)
from shared.auth import Caller, Role
from shared.web import RequestWork, Scope, WorkRoute, allow, allow_anyone

router = APIRouter(tags=["personal data"], route_class=WorkRoute)


@router.post("/people/dossier", summary="All that is kept about somebody (logged)")
async def tell_all(
    body: PersonIn,
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.record)],
) -> DossierOut:
    once_only(request)
    response.headers["Cache-Control"] = "private, no-store"
    return await commands.tell_all(work, Person(body.phone, body.subject), body.reason)


@router.post("/people/me/dossier", summary="All that is kept about yourself (logged)")
async def tell_own(
    body: WhyIn,
    request: Request,
    response: Response,
    work: RequestWork,
    caller: Annotated[Caller, allow(Role.RESIDENT, area=Scope.record)],
) -> DossierOut:
    once_only(request)
    response.headers["Cache-Control"] = "private, no-store"
    return await commands.tell_all(work, Person(subject=caller.subject), body.reason)


@router.post("/people/erasure", summary="Erase every word and name of somebody's ended matters (logged)")
async def erase(
    body: PersonIn,
    request: Request,
    work: RequestWork,
    caller: Annotated[Caller, allow(Role.COMMUNITY_SECRETARY, area=Scope.record)],
) -> ErasedOut:
    once_only(request)
    return ErasedOut(erased=await commands.erase(work, Person(body.phone, body.subject), body.reason))


@router.post("/people/correction", summary="Put right how somebody is called, or reached (logged)")
async def correct(
    body: CorrectionIn,
    request: Request,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.record)],
) -> CorrectedOut:
    once_only(request)
    return CorrectedOut(corrected=await correcting.correct(work, body))


@router.get("/consents/purposes", summary="What people may be asked to agree to, and in which words")
async def purposes(work: RequestWork, caller: Annotated[Caller, allow_anyone()]) -> Sequence[Purpose]:
    return work.part(PersonalRules).consents


@router.post("/issues/{issue_id}/consents", status_code=201, summary="Write down that somebody agreed")
async def record(
    issue_id: UUID,
    body: AgreedIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*REPORTERS, area=Scope.record)],
) -> ConsentOut:
    return ConsentOut.model_validate(await consents.record_consent(work, issue_id, body))


@router.get("/issues/{issue_id}/consents", summary="What was agreed to for an issue")
async def list_all(
    issue_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*REPORTERS, area=Scope.record)]
) -> list[ConsentOut]:
    return [ConsentOut.model_validate(one) for one in await consents.list_consents(work, issue_id)]


@router.post(
    "/issues/{issue_id}/evidence/{evidence_id}/portraits",
    status_code=201,
    summary="Say that somebody can be recognised on a file, and that they agreed",
)
async def mark_portrait(
    issue_id: UUID,
    evidence_id: UUID,
    body: PortraitIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.record)],
) -> PortraitOut:
    """From then on it is read by a logged link alone, stays in the community, and goes with the consent."""
    portrait = await portraits.mark(work, issue_id, evidence_id, body.consent_id)
    return PortraitOut.model_validate(portrait)


@router.post("/issues/{issue_id}/evidence/{evidence_id}/erase", summary="Let a file go, and say why")
async def erase_file(
    issue_id: UUID,
    evidence_id: UUID,
    body: WhyIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.record)],
) -> FileOut:
    """Such as a photo of somebody who did not agree. The entry stays, since the timeline names it."""
    evidence = await portraits.erase_file(work, issue_id, evidence_id, body.reason)
    return FileOut.model_validate(evidence)


@router.post("/consents/{consent_id}/confirm", summary="An oral consent was signed")
async def confirm(
    consent_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*STAFF, area=Scope.record)]
) -> ConsentOut:
    return ConsentOut.model_validate(await consents.confirm_consent(work, consent_id))


@router.post("/consents/{consent_id}/withdraw", summary="A consent was taken back")
async def withdraw(
    consent_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*REPORTERS, area=Scope.record)]
) -> ConsentOut:
    return ConsentOut.model_validate(await consents.withdraw_consent(work, consent_id))
