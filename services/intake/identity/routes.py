"""Links to the identity behind a request for relief, over HTTP."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.intake.identity import commands
from services.intake.identity.commands import Opened
from services.intake.identity.models import IdentityLink
from services.intake.issues import places
from services.intake.issues.bodies import Body, LocationIn, WhyIn
from services.intake.issues.models import Reporter
from services.intake.issues.routes import once_only
from services.intake.issues.rules import OFFICE
from services.intake.settings import IntakeSettings
from shared.auth import Caller, Role
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(tags=["escalations"], route_class=WorkRoute)
Officer = Annotated[Caller, allow(Role.STREET_OFFICER, area=Scope.record)]


class TokenIn(Body):
    """What the link was made with."""

    token: Annotated[str, Field(min_length=20, max_length=100)]


class LinkOut(BaseModel):
    """Who asked, why, and when it was opened, if it was."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    escalation_id: UUID
    asked_by: str
    unit: str | None
    reason: str | None
    asked_at: datetime
    expires_at: datetime
    used_at: datetime | None


class NewLinkOut(LinkOut):
    """The link: send `token` to `url`, once, before it expires."""

    url: str
    token: str

    @classmethod
    def made(cls, link: IdentityLink, token: str, base: str) -> Self:
        """The only answer that holds the token."""
        shown = LinkOut.model_validate(link).model_dump()
        return cls(**shown, url=f"{base.rstrip('/')}/intake/v1/identity-links/open", token=token)


class IdentityOut(BaseModel):
    """Whom relief is for, as far as it is known; without a beneficiary it is who reported."""

    issue_no: str
    household_code: str | None
    name: str | None
    phone: str | None
    relation: str | None
    location: LocationIn

    @classmethod
    def of(cls, opened: Opened) -> Self:
        """What the office gets to know."""
        person = opened.person or Reporter()
        return cls(
            issue_no=opened.issue.no,
            household_code=opened.household_code,
            name=person.beneficiary_name or person.name,
            phone=person.beneficiary_phone or person.phone,
            relation=person.beneficiary_relation,
            location=places.read(opened.issue.place),
        )


@router.post(
    "/escalations/{escalation_id}/identity-links",
    status_code=201,
    summary="Ask for a link that tells once who relief is for (the office asked; logged)",
)
async def ask(
    escalation_id: UUID,
    body: WhyIn,
    request: Request,
    response: Response,
    work: RequestWork,
    *,
    caller: Officer,
) -> NewLinkOut:
    once_only(request)
    response.headers["Cache-Control"] = "private, no-store"
    link, token = await commands.make_link(work, escalation_id, body.reason)
    return NewLinkOut.made(link, token, work.part(IntakeSettings).public_url)


@router.get("/escalations/{escalation_id}/identity-links", summary="Who asked for the identity, and why")
async def list_all(
    escalation_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, Role.STREET_OFFICER, area=Scope.record)],
) -> list[LinkOut]:
    return [LinkOut.model_validate(one) for one in await commands.list_links(work, escalation_id)]


@router.post("/identity-links/open", summary="Open the link: it tells once who relief is for (logged)")
async def open_link(
    body: TokenIn, request: Request, response: Response, work: RequestWork, caller: Officer
) -> IdentityOut:
    once_only(request)
    response.headers["Cache-Control"] = "private, no-store"
    return IdentityOut.of(await commands.open_link(work, body.token))
