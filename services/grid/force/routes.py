"""The 1+4+X force over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.grid.access import ForceReader, Mapmaker
from services.grid.force import commands
from shared.web import RequestWork, WorkRoute, versioned

router = APIRouter(prefix="/force", tags=["force"], route_class=WorkRoute)

Subject = Annotated[str, Path(max_length=200, description="The person's subject in our tokens")]
Prefix = Annotated[str, Query(pattern=r"^[0-9]{0,18}$", description="Only areas whose code begins so")]


class Appointment(BaseModel):
    """What is said of a person in a role; the name is kept encrypted and shown to staff only."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = None


class MemberView(BaseModel):
    """A person of the force."""

    model_config = ConfigDict(from_attributes=True)

    area_code: str
    role: str
    subject: str
    name: str | None
    version: int


class VacancyView(BaseModel):
    """A role with fewer people than the template asks for."""

    model_config = ConfigDict(from_attributes=True)

    area_code: str
    role: str
    needed: int
    present: int


@router.put(
    "/{area}/{role}/{subject}",
    summary="Put a person into a role of a grid or micro-grid",
    responses={201: {"model": MemberView}},
)
async def appoint(
    area: str,
    role: str,
    subject: Subject,
    work: RequestWork,
    caller: Mapmaker,
    *,
    response: Response,
    appointment: Appointment | None = None,
) -> MemberView:
    name = appointment.name if appointment else None
    member, is_new = await commands.appoint(work, area, role, subject, name=name)
    versioned(response, member.version)
    if is_new:
        response.status_code = 201
        response.headers["Location"] = f"/grid/v1/force?within={area}"
    return MemberView.model_validate(member)


@router.delete("/{area}/{role}/{subject}", status_code=204, summary="Take a person out of a role")
async def stand_down(area: str, role: str, subject: Subject, work: RequestWork, caller: Mapmaker) -> None:
    await commands.stand_down(work, area, role, subject)


@router.get("", summary="Who stands in which role")
async def list_force(work: RequestWork, caller: ForceReader, *, within: Prefix = "") -> list[MemberView]:
    return [MemberView.model_validate(one) for one in await commands.list_force(work, within=within)]


@router.get("/vacancies", summary="The coverage check of 1+4+X: the roles that nobody stands in")
async def list_vacancies(work: RequestWork, caller: ForceReader, *, within: Prefix = "") -> list[VacancyView]:
    return [VacancyView.model_validate(one) for one in await commands.list_vacancies(work, within=within)]
