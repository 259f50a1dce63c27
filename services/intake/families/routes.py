"""Families over HTTP: who stands for whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from services.intake.families.relatives import family_of
from services.intake.issues.models import Issue
from services.intake.issues.rules import REPORTERS
from shared.auth import Caller, Role
from shared.events.intake import IssueState
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(prefix="/issues/{issue_id}/family", tags=["issues"], route_class=WorkRoute)


class RelativeOut(BaseModel):
    """An issue of the same family: its number, and how it stands."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    no: str
    state: IssueState
    reported_at: datetime
    closed_at: datetime | None


class FamilyOut(BaseModel):
    """The master that stands for an issue, and those that it stands for; these are for staff."""

    master: RelativeOut | None
    followers: list[RelativeOut]

    @classmethod
    def of(cls, master: Issue | None, followers: Sequence[Issue]) -> Self:
        """What was found for this caller."""
        shown = [RelativeOut.model_validate(one) for one in followers]
        return cls(master=None if master is None else RelativeOut.model_validate(master), followers=shown)


@router.get("", summary="What an issue was merged into, and what into it")
async def read(
    issue_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*REPORTERS, Role.STREET_OFFICER, area=Scope.record)],
) -> FamilyOut:
    return FamilyOut.of(*await family_of(work, issue_id))
