"""Tables of issues over HTTP, by the filters of the list."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from services.intake.exports.records import Order
from services.intake.exports.rules import ExportRules, Language
from services.intake.exports.streams import KINDS, stream
from services.intake.issues.bodies import WhyIn
from services.intake.issues.routes import once_only
from services.intake.issues.rules import OFFICE, STAFF
from services.intake.lists.bodies import Filter
from services.intake.lists.reading import find_places
from services.intake.oversight.readings import note_reading
from services.intake.settings import IntakeSettings
from shared.auth import Caller, Role
from shared.clock import local_date
from shared.service import Work
from shared.web import RequestWork, Scope, WorkRoute, allow

Kind = Literal["csv", "xlsx", "geojson"]
SUBJECT = 200
# Whoever takes more than this with them has taken very many.
COUNTED = 1000


async def read_language(
    lang: Annotated[Language, Query(description="Of the heads and the words")] = "zh",
) -> Language:
    """Apart from the filter, which FastAPI reads from the whole query."""
    return lang


Spoken = Annotated[Language, Depends(read_language)]

router = APIRouter(prefix="/exports", tags=["exports"], route_class=WorkRoute)


@router.get("/issues.{kind}", summary="The list as a file", response_class=StreamingResponse)
async def export(
    kind: Kind,
    work: RequestWork,
    caller: Annotated[Caller, allow(*STAFF, Role.STREET_OFFICER, area=Scope.list)],
    wanted: Annotated[Filter, Query()],
    language: Spoken,
) -> StreamingResponse:
    return _file(work, Order(caller, wanted, language), kind)


@router.post(
    "/issues.{kind}",
    summary="The list as a file, with names, phones and words (logged)",
    response_class=StreamingResponse,
)
async def export_with_people(
    kind: Kind,
    body: WhyIn,
    request: Request,
    work: RequestWork,
    caller: Annotated[Caller, allow(*OFFICE, area=Scope.list)],
    *,
    wanted: Annotated[Filter, Query()],
    language: Spoken,
) -> StreamingResponse:
    once_only(request)
    told = ("title", *(column.name for column in work.part(ExportRules).personal))
    subject = f"export of issues: {wanted.query() or 'all'}"[:SUBJECT]
    persons = len(await find_places(work, wanted, None, COUNTED))
    await note_reading(work, subject, told, body.reason, persons=persons)
    return _file(work, Order(caller, wanted, language, personal=True), kind)


def _file(work: Work, order: Order, kind: Kind) -> StreamingResponse:
    # Each chunk is cut to these in its own transaction, as the list is.
    work.areas()
    day = local_date(work.now, work.part(IntakeSettings).zone)
    headers = {
        "Content-Disposition": f'attachment; filename="issues-{day.isoformat()}.{kind}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(stream(work, order, kind), media_type=KINDS[kind].media_type, headers=headers)
