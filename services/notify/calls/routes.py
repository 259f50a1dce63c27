"""The door for what street offices say: public, and opened by a signature."""

from datetime import datetime, timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from services.notify.calls import sources, taking
from services.notify.calls.signatures import authenticate
from services.notify.endpoints.routes import MANAGERS, AreaCode, Code, Manager, Rotation
from services.notify.models import Source
from services.notify.rules.states import Verdict
from services.notify.rules.street_calls import RULES
from services.notify.settings import NotifySettings
from shared.auth import Caller
from shared.errors import TooLarge, Unsupported
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, allow_anyone, page_of, versioned
from shared.web.problems import answer

router = APIRouter(tags=["street calls"], route_class=WorkRoute)

MOST_BYTES = 256 * 1024
# The body is described by hand: FastAPI must not read it, since its signature comes first.
_BODY = {
    "type": "object",
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {"enum": sorted(RULES)},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "oneOf": [verb.body.model_json_schema() for verb in RULES.values()],
        },
        "seq": {"type": "integer", "minimum": 1},
    },
}
MEDIA_TYPES = ("application/json", "application/cloudevents+json")


class NewSource(BaseModel):
    """A street office that is to call us; `code` is its name in the path."""

    code: Code
    office: Code
    area_code: AreaCode


class SourceView(BaseModel):
    """A source, and where it is to call."""

    code: str
    office: str
    area_code: str
    url: str
    version: int
    created_at: datetime


class SourceWithSecret(SourceView):
    """The only answer that holds the secret: keep it now."""

    secret: str


class CallView(BaseModel):
    """What became of a call: one that is `stale` was overtaken by a newer word, and is kept."""

    webhook_id: str
    type: str
    verdict: str
    received_at: datetime


class KeptCallView(CallView):
    """A call that was kept: what it was about, and what a rule had against it."""

    about: str | None
    seq: int | None
    problem: str | None


class CodeView(BaseModel):
    """What a code of the office's means in ours."""

    their_code: str
    ours: str
    changed_at: datetime


def _facts(source: Source, work: RequestWork) -> dict[str, object]:
    return {
        "code": source.code,
        "office": source.office,
        "area_code": source.area_code,
        "url": f"{work.part(NotifySettings).public_url}/notify/v1/hooks/{source.code}",
        "version": source.version,
        "created_at": source.created_at,
    }


@router.post("/sources", status_code=201, summary="Register a street office that will call")
async def register(
    new: NewSource, work: RequestWork, caller: Manager, request: Request, response: Response
) -> SourceWithSecret:
    source, secret = await sources.register_source(
        work, code=new.code, office=new.office, area_code=new.area_code
    )
    response.headers["Location"] = f"{request.url.path}/{source.code}"
    versioned(response, source.version)
    return SourceWithSecret.model_validate({**_facts(source, work), "secret": secret})


@router.get("/sources", summary="The sources in your areas")
async def list_all(
    work: RequestWork,
    caller: Annotated[Caller, allow(*MANAGERS, area=Scope.list)],
    page: Paging,
    request: Request,
    response: Response,
) -> list[SourceView]:
    rows = await sources.list_sources(work, page)
    shown = page_of(request, response, rows, page, lambda one: (str(one.id),))
    return [SourceView.model_validate(_facts(one, work)) for one in shown]


@router.post("/sources/{code}/rotate-secret", summary="Make a new secret; the old one overlaps")
async def rotate(
    code: str, rotation: Rotation, work: RequestWork, caller: Manager, response: Response
) -> SourceWithSecret:
    overlap = timedelta(hours=rotation.overlap_hours)
    source, secret = await sources.rotate_source_secret(work, code, overlap)
    versioned(response, source.version)
    return SourceWithSecret.model_validate({**_facts(source, work), "secret": secret})


@router.get("/sources/{code}/categories", summary="Which of our codes the office's own codes stand for")
async def list_codes(
    code: str, work: RequestWork, caller: Annotated[Caller, allow(*MANAGERS, area=Scope.record)]
) -> list[CodeView]:
    known = await sources.list_codes(work, code)
    return [CodeView.model_validate(one, from_attributes=True) for one in known]


@router.get("/sources/{code}/calls", summary="What the office said and what became of it, the newest first")
async def list_calls(
    code: str,
    work: RequestWork,
    caller: Annotated[Caller, allow(*MANAGERS, area=Scope.record)],
    page: Paging,
    request: Request,
    *,
    response: Response,
    verdict: Verdict | None = None,
) -> list[KeptCallView]:
    rows = await sources.list_calls(work, code, page, verdict=verdict)
    shown = page_of(request, response, rows, page, lambda one: (str(one.id),))
    return [KeptCallView.model_validate(one, from_attributes=True) for one in shown]


@router.post(
    "/hooks/{source}",
    status_code=202,
    summary="A signed word of a street office (Standard Webhooks)",
    response_model=CallView,
    responses={200: {"model": CallView, "description": "The same call came before; this is its result"}},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}},
)
async def hook(
    source: str, request: Request, work: RequestWork, caller: Annotated[Caller, allow_anyone()]
) -> Response:
    body = await _read(request)
    signed = await authenticate(work, source, request.headers, body)
    _hold_to_media_type(request)
    taken = await taking.take_call(work, signed)
    if taken.problem is not None:
        # An answer and not an exception: that the call came, and what was said to it, is to be kept.
        return answer(taken.problem, request.url.path)
    view = CallView.model_validate(taken.call, from_attributes=True)
    content = orjson.dumps(view.model_dump(mode="json"))
    return Response(content, status_code=202 if taken.is_new else 200, media_type="application/json")


async def _read(request: Request) -> bytes:
    # The length that the caller states is only good for saying no early; the bytes that come are counted.
    stated = request.headers.get("content-length", "")
    read, length = [], 0
    if stated.isdigit() and int(stated[:12]) > MOST_BYTES:
        raise TooLarge(f"at most {MOST_BYTES} bytes")
    async for chunk in request.stream():
        read.append(chunk)
        length += len(chunk)
        if length > MOST_BYTES:
            raise TooLarge(f"at most {MOST_BYTES} bytes")
    return b"".join(read)


def _hold_to_media_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise Unsupported(f"send one of {', '.join(MEDIA_TYPES)}")
