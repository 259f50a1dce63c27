"""Files of reports over HTTP: /intake/v1/imports."""

import asyncio
import csv
import io
from dataclasses import replace
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from pydantic import BaseModel

from services.intake.catalogue import Catalogue
from services.intake.channels.rules import Channels
from services.intake.evidence.waiting import WaitingRoute
from services.intake.imports.commands import Imports
from services.intake.imports.rows import Table, read_rows
from services.intake.imports.rules import ImportRules
from services.intake.imports.tables import read_lines
from services.intake.issues.bodies import Channel
from services.intake.issues.rules import OFFICE
from shared.auth import Caller
from shared.events.intake import IssueState
from shared.host import Host
from shared.idempotency import Claim, fingerprint
from shared.web import RequestWork, Scope, WorkRoute, allow, allow_anyone, claim_of, replayed
from shared.web.edge import MAX_BODY_BYTES

# What a form may add to the largest file that any site allows.
_MOST_FORM = 8 * 1024 * 1024 + 64 * 1024


router = APIRouter(prefix="/imports", tags=["imports"], route_class=WaitingRoute)
templates = APIRouter(prefix="/imports", tags=["imports"], route_class=WorkRoute)


class ImportedLine(BaseModel):
    """One row, and the issue that it became; `track_code` is shown this once."""

    row: int
    id: UUID
    no: str
    state: IssueState
    track_code: str


class ImportOut(BaseModel):
    """All rows of the file, in its order."""

    count: int
    issues: list[ImportedLine]


@router.post(
    "",
    status_code=201,
    summary="Take in a file of reports, whole or not at all (CSV or XLSX)",
    response_model=ImportOut,
    openapi_extra={MAX_BODY_BYTES: _MOST_FORM},
)
async def take_file(
    request: Request,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.everywhere)],
    file: Annotated[UploadFile, File(description="The headings in the first row, in Chinese or English")],
    *,
    channel: Annotated[Channel | None, Form(description="hotline_12345 where it is left out")] = None,
) -> Response:
    host: Host = request.app.state.host
    content = await file.read()
    # Unpacking and parsing take their time, and others are waiting.
    table = await asyncio.to_thread(_read, host, content, caller, channel)
    claim = await claim_of(request, caller)
    answer, again = await cast(Imports, host.parts[Imports]).submit(
        host, table, caller, _of_content(claim, channel, content)
    )
    return replayed(answer) if again else Response(answer.body, answer.status, answer.headers)


@templates.get("/template.csv", summary="An empty file with the headings", response_class=Response)
async def template(work: RequestWork, caller: Annotated[Caller, allow_anyone()]) -> Response:
    text = io.StringIO()
    csv.writer(text).writerow(said.zh for said in work.part(ImportRules).columns.values())
    headers = {"Content-Disposition": 'attachment; filename="reports.csv"'}
    return Response(
        text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers
    )


def _read(host: Host, content: bytes, caller: Caller, channel: Channel | None) -> Table:
    rules = cast(ImportRules, host.parts[ImportRules])
    return read_rows(
        read_lines(content, rules),
        caller,
        channel,
        rules=rules,
        catalogue=cast(Catalogue, host.parts[Catalogue]),
        channels=cast(Channels, host.parts[Channels]),
    )


def _of_content(claim: Claim | None, channel: Channel | None, content: bytes) -> Claim | None:
    # A form sent again has another boundary; the same file is the same request all the same.
    if claim is None:
        return None
    return replace(claim, fingerprint=fingerprint("POST", f"imports {channel}", content))
