"""Evidence over HTTP: /intake/v1/issues/{id}/evidence."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import BaseModel, ConfigDict

from services.intake.evidence import commands
from services.intake.evidence.models import Evidence
from services.intake.issues.rules import REPORTERS, STAFF
from services.intake.words import Line
from shared.auth import Caller
from shared.web import RequestWork, Scope, WorkRoute, allow
from shared.web.edge import MAX_BODY_BYTES

# What the form around a file may add to its size.
FORM_BYTES = 64 * 1024

router = APIRouter(prefix="/issues/{issue_id}/evidence", tags=["evidence"], route_class=WorkRoute)


class EvidenceOut(BaseModel):
    """One photo or document; its content stands under its own address."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    media_type: str
    size: int
    sha256: str
    caption: str | None
    by_staff: bool
    added_at: datetime


@router.post(
    "",
    status_code=201,
    summary="Add a photo or document (8 MiB at most)",
    openapi_extra={MAX_BODY_BYTES: commands.MOST_BYTES + FORM_BYTES},
)
async def add(
    issue_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*REPORTERS, area=Scope.record)],
    response: Response,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP, HEIC, MP4 or PDF")],
    *,
    caption: Annotated[Line | None, Form()] = None,
) -> EvidenceOut:
    content = await file.read()
    evidence = await commands.add_evidence(
        work, issue_id, media_type=file.content_type or "", content=content, caption=caption
    )
    response.headers["Location"] = f"/intake/v1/issues/{issue_id}/evidence/{evidence.id}"
    return EvidenceOut.model_validate(evidence)


@router.get("", summary="The evidence of an issue")
async def list_all(
    issue_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*STAFF, area=Scope.record)]
) -> list[EvidenceOut]:
    found: list[Evidence] = list(await commands.list_evidence(work, issue_id))
    return [EvidenceOut.model_validate(one) for one in found]


@router.get("/{evidence_id}", summary="The content of one piece of evidence", response_class=Response)
async def read(
    issue_id: UUID,
    evidence_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.record)],
) -> Response:
    evidence, content = await commands.read_content(work, issue_id, evidence_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{evidence.id}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "ETag": f'"{evidence.sha256}"',
    }
    return Response(content, media_type=evidence.media_type, headers=headers)
