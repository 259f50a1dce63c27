"""Every refusal leaves as a problem document (RFC 9457) with a stable `type`."""

import logging
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.bus import Unavailable
from shared.db import is_passing
from shared.errors import Absent, Busy, FieldError, Invalid, Problem, TooLarge, Unsupported

log = logging.getLogger(__name__)

NAMESPACE = "urn:sanlian:problem:"
MEDIA_TYPE = "application/problem+json"

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "description": "A stable name of the refusal, to switch on"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do, for people"},
        "instance": {"type": "string", "description": "The path that was asked"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The commands that this state allows",
        },
    },
}
# What every operation says of its refusals, whatever it adds of its own.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused, with the reason", "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
}


def document(problem: Problem, instance: str) -> dict[str, Any]:
    """The members of RFC 9457, then ours: `errors` (field, message) and `allowed` (commands)."""
    members: dict[str, Any] = {
        "type": NAMESPACE + problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": str(problem),
        "instance": instance,
    }
    if problem.fields:
        members["errors"] = [{"field": one.field, "message": one.message} for one in problem.fields]
    if problem.allowed is not None:
        members["allowed"] = list(problem.allowed)
    return members


def answer(problem: Problem, instance: str) -> Response:
    """The response for a refusal."""
    return Response(
        orjson.dumps(document(problem, instance)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def install(app: FastAPI) -> None:
    """Turn every refusal into a problem document; `unexpected` is called by the edge itself."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _problem(request: Request, error: Exception) -> Response:
    return answer(cast(Problem, error), request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    faults = cast(RequestValidationError, error).errors()
    fields = [FieldError(_path(fault["loc"]), str(fault["msg"])) for fault in faults]
    named = "; ".join(f"{one.field}: {one.message}" for one in fields[:3])
    return answer(Invalid(named, fields=fields), request.url.path)


def _path(location: tuple[int | str, ...]) -> str:
    inner = location[1:] if location[:1] in (("body",), ("query",), ("path",), ("header",)) else location
    return ".".join(str(part) for part in inner) or "body"


async def _http(request: Request, error: Exception) -> Response:
    raised = cast(HTTPException, error)
    known = {404: Absent, 413: TooLarge, 415: Unsupported}.get(raised.status_code)
    if known is not None:
        return answer(known(str(raised.detail)), request.url.path)
    body = {
        "type": "about:blank",
        "title": str(raised.detail),
        "status": raised.status_code,
        "instance": request.url.path,
    }
    return Response(
        orjson.dumps(body), status_code=raised.status_code, media_type=MEDIA_TYPE, headers=raised.headers
    )


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to what no rule foresaw: 503 where trying again helps, else 500, and a log entry."""
    if isinstance(error, Unavailable) or is_passing(error):
        log.warning("busy: %s", error)
        return answer(Busy("the database is not available; nothing was kept"), request.url.path)
    log.error("unexpected error", exc_info=error)
    # What went wrong inside is for the log: an error text may hold what the caller may not see.
    return answer(Problem("an unexpected error was logged; nothing was kept"), request.url.path)
