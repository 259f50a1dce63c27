"""Emergency reports over HTTP: /intake/v1/issues/{id}/emergency-reports."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from services.intake.emergencies import commands
from services.intake.emergencies.bodies import EmergencyReportIn
from services.intake.issues.rules import STAFF
from shared.auth import Caller, Role
from shared.events.intake import EmergencyStage
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(prefix="/issues/{issue_id}/emergency-reports", tags=["emergencies"], route_class=WorkRoute)


class EmergencyReportOut(BaseModel):
    """One report as it was filed."""

    model_config = ConfigDict(from_attributes=True)

    no: int
    stage: EmergencyStage
    place: str
    casualties: int
    damage: str
    trend: str
    actions: str
    called: str
    on_site_lead: str
    filed_at: datetime


@router.post("", status_code=201, summary="Report on an emergency: first, follow_up, final")
async def file(
    issue_id: UUID,
    body: EmergencyReportIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.record)],
    response: Response,
) -> EmergencyReportOut:
    report = await commands.file_report(work, issue_id, body)
    response.headers["Location"] = f"/intake/v1/issues/{issue_id}/emergency-reports"
    return EmergencyReportOut.model_validate(report)


@router.get("", summary="The reports of an emergency, in their order")
async def list_all(
    issue_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, Role.STREET_OFFICER, area=Scope.record)],
) -> list[EmergencyReportOut]:
    return [EmergencyReportOut.model_validate(one) for one in await commands.list_reports(work, issue_id)]
