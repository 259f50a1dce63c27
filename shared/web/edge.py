"""The HTTP edge: one transaction a request, committed before the answer leaves."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from shared import idempotency
from shared.auth import ANONYMOUS, Caller
from shared.errors import FieldError, Invalid, Problem, TooLarge
from shared.host import Host
from shared.idempotency import Answer, Answers, Claim
from shared.service import Work
from shared.web.access import Scope
from shared.web.problems import REFUSALS, unexpected

READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Headers of an answer that its repetition must have too.
KEPT_HEADERS = ("content-type", "etag", "location", "link")

# A form with its texts; a route that takes files states a bound of its own.
DEFAULT_BODY_BYTES = 256 * 1024
MAX_BODY_BYTES = "x-max-body-bytes"

Run = Callable[[Request], Coroutine[Any, Any, Response]]
Serve = Callable[[Request, Run], Awaitable[Response]]


class WorkRoute(APIRoute):
    """A route whose endpoint runs inside a unit of work.

    It knows the caller first, gives a repeated `Idempotency-Key` its first answer, holds the endpoint to
    the area check that it declared, and commits when the endpoint has returned and before anything is sent.
    """

    def get_route_handler(self) -> Run:
        """Wrap FastAPI's own handler."""
        endpoint = super().get_route_handler()
        reads = (self.methods or set()) <= READS
        return partial(guarded, look if reads else _change, endpoint, most_bytes(self))


async def guarded(serve: Serve, endpoint: Run, most: int, request: Request) -> Response:
    """Serve; what no rule foresaw becomes an answer here, where the commit is known to have failed."""
    try:
        return await serve(Request(request.scope, _bounded(request, most)), endpoint)
    except REFUSALS:
        raise
    except ClientDisconnect:
        # Nobody hears the answer; what was begun has been rolled back.
        return Response(status_code=400)
    except Exception as error:
        return unexpected(request, error)


def most_bytes(route: APIRoute) -> int:
    """How large a body the route takes: `x-max-body-bytes` of its `openapi_extra`, or 256 KiB."""
    return int((route.openapi_extra or {}).get(MAX_BODY_BYTES, DEFAULT_BODY_BYTES))


def _bounded(request: Request, most: int) -> Receive:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > most:
            # In Starlette's own form, which FastAPI lets through where it would call others a parse error.
            raise HTTPException(413, f"at most {most} bytes")
        return message

    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most:
        raise TooLarge(f"at most {most} bytes, not {stated}")
    return receive


async def claim_of(request: Request, caller: Caller) -> Claim | None:
    """The caller's claim to have this request carried out once, where it carries a key."""
    key = idempotency.read_key(request.headers.get("idempotency-key"))
    if key is None or caller is ANONYMOUS:
        return None
    target = request.url.path + ("?" + request.url.query if request.url.query else "")
    who = f"{caller.kind}:{caller.subject}"
    return Claim(who, key, idempotency.fingerprint(request.method, target, await request.body()))


def replayed(answer: Answer) -> Response:
    """The first answer once more, marked as such."""
    headers = {**answer.headers, "idempotency-replayed": "true"}
    return Response(answer.body, status_code=answer.status, headers=headers)


def versioned(response: Response, version: int) -> None:
    """Name the record's version in the answer, for a later `If-Match`."""
    response.headers["ETag"] = f'"{version}"'


async def get_work(request: Request) -> Work:
    """The unit of work that the edge opened for this request."""
    work: Work = request.state.work
    return work


RequestWork = Annotated[Work, Depends(get_work)]


async def identify(request: Request, work: Work) -> Caller:
    """Who is calling, by the app's own way of knowing; `ANONYMOUS` without credentials."""
    caller: Caller = await request.app.state.identify(request, work)
    work.caller = request.state.caller = caller
    request.state.work = work
    return caller


async def look(request: Request, endpoint: Run) -> Response:
    """Serve a request that changes nothing in a transaction of its own."""
    host: Host = request.app.state.host
    async with host.look() as work:
        await identify(request, work)
        response = await endpoint(request)
        _hold_to_scope(request, area_checked=work.area_checked)
        return response


async def know(request: Request, endpoint: Run) -> Response:
    """Serve a request whose endpoint opens a transaction of its own; nothing is held while it waits.

    Who calls with a token is known without the database. Such an endpoint has no area to check.
    """
    caller: Caller | None = await request.app.state.known_by_token(request)
    if caller is None:
        host: Host = request.app.state.host
        async with host.look() as work:
            caller = await identify(request, work)
    request.state.caller = caller
    response = await endpoint(request)
    _hold_to_scope(request, area_checked=False)
    return response


async def _change(request: Request, endpoint: Run) -> Response:
    host: Host = request.app.state.host
    # A caller that sends slowly must hold no connection to the database meanwhile.
    await request.body()
    try:
        return await _change_once(host, request, endpoint)
    except (IntegrityError, Problem):
        # A twin with the same key may have been faster, and its answer is the answer also where its effect
        # is what stood in the way. The request itself is untouched: what it did was rolled back.
        if "idempotency-key" not in request.headers:
            raise
        async with host.look() as work:
            claim = await claim_of(request, await identify(request, work))
            known = await work.part(Answers).given(work.session, [claim] if claim else [])
        if claim is None or claim not in known:
            raise
        return replayed(known[claim])


async def _change_once(host: Host, request: Request, endpoint: Run) -> Response:
    async with host.work() as work:
        caller = await identify(request, work)
        work.expected_version = _if_match(request.headers.get("if-match"))
        claim = await claim_of(request, caller)
        if claim is not None:
            known = await work.part(Answers).given(work.session, [claim])
            if claim in known:
                return replayed(known[claim])
        response = await endpoint(request)
        _hold_to_scope(request, area_checked=work.area_checked)
        if claim is not None:
            await work.part(Answers).keep(work.session, {claim: _kept(response)}, work.now)
        return response


def _kept(response: Response) -> Answer:
    headers: Mapping[str, str] = {n: response.headers[n] for n in KEPT_HEADERS if n in response.headers}
    return Answer(response.status_code, headers, bytes(response.body))


def _hold_to_scope(request: Request, *, area_checked: bool) -> None:
    scope: Scope | None = getattr(request.state, "scope", None)
    if scope is None:
        raise RuntimeError(f"{request.url.path} does not say who may call it")
    if scope is not Scope.everywhere and not area_checked:
        raise RuntimeError(f"{request.url.path} promises an area check ({scope}) and made none")


def _if_match(header: str | None) -> int | None:
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        message = 'a version in quotes as the ETag gave it, such as "3"'
        raise Invalid(f"If-Match must be {message}", fields=[FieldError("If-Match", message)])
    return int(text)
