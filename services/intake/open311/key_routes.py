"""The keys of Open311 clients over HTTP: /intake/v1/open311-keys."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.intake.issues.bodies import Body
from services.intake.issues.rules import OFFICE
from services.intake.open311 import keys
from services.intake.settings import IntakeSettings
from services.intake.words import Line
from shared.auth import Caller, Role
from shared.service import Work
from shared.web import RequestWork, Scope, WorkRoute, allow

router = APIRouter(prefix="/open311-keys", tags=["open311"], route_class=WorkRoute)

Keeper = Annotated[Caller, allow(*OFFICE, Role.OPERATOR, area=Scope.record)]
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
ClientCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class KeyIn(Body):
    """Whose key it is: `client` is a short code such as `fixmystreet`, `label` is for people."""

    client: ClientCode
    label: Line


class KeyOut(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    key_id: str
    client: str
    label: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """`key` is shown this once."""

    key: str


@router.post("", status_code=201, summary="Make a key for an Open311 client, shown once")
async def new_key(body: KeyIn, work: RequestWork, caller: Keeper) -> NewKeyOut:
    _of_community(work)
    key, text = await keys.issue_key(work, body.client, body.label)
    return NewKeyOut.model_validate({**KeyOut.model_validate(key).model_dump(), "key": text})


@router.get("", summary="The keys of Open311 clients, the newest first")
async def list_keys(work: RequestWork, caller: Keeper) -> list[KeyOut]:
    _of_community(work)
    return [KeyOut.model_validate(key) for key in await keys.list_keys(work)]


@router.post("/{key_id}/revoke", summary="Make a key worthless")
async def revoke_key(key_id: KeyId, work: RequestWork, caller: Keeper) -> KeyOut:
    _of_community(work)
    return KeyOut.model_validate(await keys.revoke_key(work, key_id))


def _of_community(work: Work) -> None:
    work.permit(work.part(IntakeSettings).community)
