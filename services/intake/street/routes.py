"""The words of the street about an issue, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.intake.issues.record import read_issue
from services.intake.issues.rules import STAFF
from services.intake.street.models import StreetWord
from shared.auth import Caller, Role
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(prefix="/issues", tags=["issues"], route_class=WorkRoute)


class StreetWordOut(BaseModel):
    """`kind` is supervise, remind, evaluate or decide-extension; `grade` how strict, or how good, it is."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    office: str
    grade: int | None
    due: datetime | None
    text: str | None
    at: datetime


@router.get("/{issue_id}/street-words", summary="What the street said of an issue, in its order")
async def list_words(
    issue_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, Role.STREET_OFFICER, area=Scope.record)],
) -> list[StreetWordOut]:
    issue = await read_issue(work, issue_id)
    query = select(StreetWord).where(StreetWord.issue_id == issue.id).order_by(StreetWord.at, StreetWord.id)
    return [StreetWordOut.model_validate(one) for one in await work.session.scalars(query)]
