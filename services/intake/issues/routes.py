"""Issues over HTTP: report, read. Lists stand in `lists`, the commands in `command_routes`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.intake.catalogue import Catalogue
from services.intake.channels.rules import Channels
from services.intake.issues import reading
from services.intake.issues.bodies import ReportIn, SearchIn, WhyIn
from services.intake.issues.checks import checked
from services.intake.issues.record import read_issue
from services.intake.issues.reports import Reports
from services.intake.issues.rules import OFFICE, REPORTERS, STAFF
from services.intake.issues.views import IssueLine, IssueOut, ReportedOut, ReporterOut, StepOut, TrackOut
from services.intake.words import IssueNo
from shared.auth import Caller, Role
from shared.errors import FieldError, Invalid
from shared.host import Host
from shared.web import (
    GroupedRoute,
    RequestWork,
    Scope,
    WorkRoute,
    allow,
    allow_anyone,
    claim_of,
    replayed,
    versioned,
)

READERS = STAFF | REPORTERS | {Role.STREET_OFFICER}

reports = APIRouter(prefix="/issues", tags=["issues"], route_class=GroupedRoute)
router = APIRouter(prefix="/issues", tags=["issues"], route_class=WorkRoute)
public = APIRouter(tags=["issues"], route_class=WorkRoute)


@reports.post("", status_code=201, summary="Report a matter", response_model=ReportedOut)
async def report(
    request: Request,
    body: ReportIn,
    caller: Annotated[Caller, allow(*REPORTERS, area=Scope.everywhere)],
) -> Response:
    """Where a matter lies is found later, so the area of the caller does not count here.

    A category that staff give is certain, and the matter is accepted at once.
    """
    host: Host = request.app.state.host
    catalogue: Catalogue = host.parts[Catalogue]  # type: ignore[assignment]  # The parts stand under their types.
    group: Reports = host.parts[Reports]  # type: ignore[assignment]  # As above.
    channels: Channels = host.parts[Channels]  # type: ignore[assignment]  # As above.
    taken = checked(body, caller, catalogue, channels)
    answer, again = await group.submit(host, taken, caller, await claim_of(request, caller))
    if again:
        return replayed(answer)
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


@router.get("/{issue_id}", summary="One issue")
async def read(
    issue_id: UUID,
    work: RequestWork,
    caller: Annotated[Caller, allow(*READERS, area=Scope.record)],
    response: Response,
) -> IssueOut:
    issue = await read_issue(work, issue_id)
    versioned(response, issue.version)
    return IssueOut.of(issue, caller)


@router.get("/{issue_id}/timeline", summary="All that happened to an issue")
async def read_timeline(
    issue_id: UUID, work: RequestWork, caller: Annotated[Caller, allow(*READERS, area=Scope.record)]
) -> list[StepOut]:
    return await reading.read_timeline(work, issue_id)


@router.post("/{issue_id}/reporter", summary="Read who reported, and in which words (logged)")
async def read_reporter(
    issue_id: UUID,
    body: WhyIn,
    request: Request,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.record)],
) -> ReporterOut:
    once_only(request)
    issue, reporter = await reading.read_reporter(work, issue_id, body.reason)
    return ReporterOut.of(issue, reporter, caller)


@router.post("/search", summary="Find the issues of a phone number (logged)")
async def search(
    body: SearchIn,
    request: Request,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.list)],
) -> list[IssueLine]:
    once_only(request)
    return [
        IssueLine.of(issue, caller) for issue in await reading.find_by_phone(work, body.phone, body.reason)
    ]


@public.get("/track/{issue_no}", summary="Follow an issue with the code from its report")
async def track(
    issue_no: IssueNo,
    code: Annotated[str, Query(min_length=1, max_length=40)],
    work: RequestWork,
    caller: Annotated[Caller, allow_anyone()],
    response: Response,
) -> TrackOut:
    response.headers["Cache-Control"] = "private, no-store"
    return await reading.track(work, issue_no, code)


@public.get("/categories", summary="The categories of matters", response_model=Catalogue)
async def categories(work: RequestWork, caller: Annotated[Caller, allow_anyone()]) -> Catalogue:
    return work.part(Catalogue)


def once_only(request: Request) -> None:
    """Raise `Invalid` for an `Idempotency-Key`: kept answers lie in the clear, and personal data must not."""
    if "idempotency-key" in request.headers:
        message = "a reading of personal data takes no key: each one is logged by itself"
        raise Invalid(message, fields=[FieldError("Idempotency-Key", message)])
