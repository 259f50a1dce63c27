"""Evidence over HTTP: /intake/v1/issues/{id}/evidence, and the links to it under /intake/v1/evidence."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile

from services.intake.evidence import commands
from services.intake.evidence.files import Files, Upload
from services.intake.evidence.models import Evidence
from services.intake.evidence.rules import DOOR_BYTES, FORM_BYTES
from services.intake.evidence.sniffing import SUFFIXES
from services.intake.evidence.views import EvidenceOut, LinkIn, LinkOut
from services.intake.evidence.waiting import WaitingRoute
from services.intake.issues.rules import REPORTERS, STAFF
from services.intake.words import Line
from shared.auth import Caller
from shared.host import Host
from shared.web import RequestWork, Scope, WorkRoute, allow, allow_anyone, claim_of, replayed
from shared.web.edge import MAX_BODY_BYTES

# Whatever a file holds, a browser neither guesses at it, nor shows it as a page of ours, nor keeps it.
_GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}

files = APIRouter(prefix="/issues/{issue_id}/evidence", tags=["evidence"], route_class=WaitingRoute)
router = APIRouter(prefix="/issues/{issue_id}/evidence", tags=["evidence"], route_class=WorkRoute)
links = APIRouter(prefix="/evidence", tags=["evidence"], route_class=WaitingRoute)


@files.post(
    "",
    status_code=201,
    summary="Add a photo or document (12 MiB at most)",
    response_model=EvidenceOut,
    openapi_extra={MAX_BODY_BYTES: DOOR_BYTES + FORM_BYTES},
)
async def add(
    issue_id: UUID,
    request: Request,
    caller: Annotated[Caller, allow(*REPORTERS, area=Scope.record)],
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP, MP4 or PDF")],
    *,
    caption: Annotated[Line | None, Form()] = None,
) -> Response:
    """What the file is shows in its bytes. Pictures are made anew from their pixels, without metadata.

    The reporter may add to their own issue; only what staff add shows that work was done.
    """
    host: Host = request.app.state.host
    upload = Upload(issue_id, await file.read(), caption)
    claim = await claim_of(request, caller)
    answer, again = await _files(host).take(host, caller, upload, claim)
    request.state.work.area_checked = True
    if again:
        return replayed(answer)
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


@router.get("", summary="The evidence of an issue")
async def list_all(
    issue_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*STAFF, area=Scope.record)]
) -> list[EvidenceOut]:
    return await commands.list_evidence(work, issue_id)


@files.get("/{evidence_id}", summary="The content of one piece of evidence", response_class=Response)
async def read(
    issue_id: UUID,
    evidence_id: UUID,
    request: Request,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.record)],
) -> Response:
    """Of a sensitive matter a link is needed, which asks for a reason and is logged."""
    host: Host = request.app.state.host
    async with host.look(caller=caller) as work:
        evidence, row = await commands.find_content(work, issue_id, evidence_id)
        request.state.work.area_checked = work.area_checked
    return _download(evidence, await _files(host).content(evidence, row))


@router.post("/{evidence_id}/links", status_code=201, summary="Make a link that expires (logged)")
async def make_link(
    issue_id: UUID,
    evidence_id: UUID,
    body: LinkIn,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.record)],
) -> LinkOut:
    return await commands.make_link(work, issue_id, evidence_id, body)


@links.get("/{evidence_id}", summary="Open a link", response_class=Response)
async def open_link(
    evidence_id: UUID,
    request: Request,
    caller: Annotated[Caller, allow_anyone()],
    expires: Annotated[int, Query(ge=0, le=253_402_300_799, description="Seconds since 1970")],
    signature: Annotated[str, Query(min_length=1, max_length=64)],
) -> Response:
    host: Host = request.app.state.host
    async with host.look() as work:
        evidence, row = await commands.find_by_link(work, evidence_id, expires, signature)
    return _download(evidence, await _files(host).content(evidence, row))


def _files(host: Host) -> Files:
    found: Files = host.parts[Files]  # type: ignore[assignment]  # The parts stand under their types.
    return found


def _download(evidence: Evidence, content: bytes) -> Response:
    name = f"evidence-{evidence.id}.{SUFFIXES.get(evidence.media_type, 'bin')}"
    headers = {
        **_GUARDS,
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": f'"{evidence.sha256}"',
    }
    return Response(content, media_type=evidence.media_type, headers=headers)
