"""Open311 GeoReport v2 over HTTP: /open311/v2 at the door, the same for trying out, and the discovery."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from services.intake.catalogue import Catalogue
from services.intake.channels.rules import Channels
from services.intake.issues.bodies import Channel
from services.intake.issues.checks import checked
from services.intake.open311 import documents, reading, views
from services.intake.open311.edge import GeoReportRoute, answered
from services.intake.open311.formats import Format, format_of
from services.intake.open311.forms import read_posted
from services.intake.open311.keys import identify_key, is_client
from services.intake.open311.media import hold_to_count, keep_media, media_of, try_media
from services.intake.open311.parameters import (
    Given,
    Paged,
    Wanted,
    hold_to_jurisdiction,
    is_name,
    page_of,
    span,
    wanted,
)
from services.intake.open311.posting import Posting, Postings, receipt
from services.intake.open311.refusals import keyless, unknown
from services.intake.open311.rules import GeoReport
from services.intake.open311.updates import Updates, read_update
from services.intake.settings import IntakeSettings
from shared.auth import Caller, parse_api_key
from shared.errors import Unauthorized
from shared.host import Host
from shared.web import RequestWork, allow_anyone, claim_of, replayed

Anyone = Annotated[Caller, allow_anyone()]
# At the door these stand under /open311; `test` takes every step but the last, and keeps nothing.
PRODUCTION, TEST = "/v2", "/test/v2"


async def discovery(request: Request, suffix: str, work: RequestWork, caller: Anyone) -> Response:
    geo, settings = work.part(GeoReport), work.part(IntakeSettings)
    endpoints = {
        kind: f"{settings.public_url}/open311{path}"
        for kind, path in (("production", PRODUCTION), ("test", TEST))
    }
    return answered(_form(suffix), "discovery", views.discovery(geo, endpoints))


async def services(request: Request, suffix: str, work: RequestWork, caller: Anyone) -> Response:
    form, _, geo = _asked(request, suffix, work.host)
    return answered(form, "services", [views.service(one) for one in geo.services.values()])


async def definition(request: Request, code: str, suffix: str, work: RequestWork, caller: Anyone) -> Response:
    form, _, geo = _asked(request, suffix, work.host)
    if code not in geo.services:
        raise unknown(f"service_code {code[:80]}")
    return answered(form, "service_definition", views.definition(geo.services[code]))


async def requests(request: Request, suffix: str, work: RequestWork, caller: Anyone) -> Response:
    form, given, geo = _asked(request, suffix, work.host)
    page = page_of(given, geo.rules)
    found, total = await reading.find(work, wanted(given, work.now, geo.rules), page)
    zone, extended = work.part(IntakeSettings).zone, given.flag("extensions")
    shown = [views.request(one, geo, zone, extended=extended) for one in found]
    answer = answered(form, "service_requests", shown)
    answer.headers["X-Total-Count"] = str(total)
    _name_pages(request, answer, page, total)
    return answer


async def request_by_id(
    request: Request, no: str, suffix: str, work: RequestWork, caller: Anyone
) -> Response:
    form, given, geo = _asked(request, suffix, work.host)
    found, _ = await reading.find(work, Wanted(ids=[no] if is_name(no) else []), Paged(1, 1))
    if not found:
        raise unknown(f"service_request_id {no[:80]}")
    zone, extended = work.part(IntakeSettings).zone, given.flag("extensions")
    return answered(form, "service_requests", [views.request(found[0], geo, zone, extended=extended)])


async def token(request: Request, token: str, suffix: str, work: RequestWork, caller: Anyone) -> Response:
    form, _, _ = _asked(request, suffix, work.host)
    found = await reading.find_token(work, token) if is_name(token) else None
    if found is None:
        raise unknown(f"token {token[:80]}")
    # In XML a missing element says "not yet" to clients that test for its text; in JSON a null does.
    number = {} if found.no is None and form is Format.xml else {"service_request_id": found.no}
    return answered(form, "service_requests", [{**number, "token": token}])


async def post_request(request: Request, suffix: str, caller: Anyone) -> Response:
    posting, sent = await _posted(request, suffix, caller)
    group = cast(Postings, sent.host.parts[Postings])
    whole = replace(posting, media=await keep_media(sent.host, sent.media))
    claim = await claim_of(request, sent.client)
    answer, again = await group.submit(sent.host, whole, sent.client, claim)
    return replayed(answer) if again else Response(answer.body, answer.status, answer.headers)


async def try_request(request: Request, suffix: str, caller: Anyone) -> Response:
    posting, sent = await _posted(request, suffix, caller)
    await try_media(sent.host, sent.media)
    settings = cast(IntakeSettings, sent.host.parts[IntakeSettings])
    notice = cast(GeoReport, sent.host.parts[GeoReport]).rules.notice
    body = receipt(posting.form, notice, f"{settings.issue_prefix}-00000000-0000")
    return Response(body, headers={"content-type": posting.form.media_type})


async def updates(request: Request, suffix: str, work: RequestWork, caller: Anyone) -> Response:
    form, given, geo = _asked(request, suffix, work.host)
    start, end = span(given, work.now, geo.rules)
    moves = await reading.find_moves(work, start, end, page_of(given, geo.rules))
    zone = work.part(IntakeSettings).zone
    return answered(form, "service_request_updates", [views.update(*one, geo, zone) for one in moves])


async def post_update(request: Request, suffix: str, caller: Anyone) -> Response:
    sent = await _sent(request, suffix, caller)
    group = cast(Updates, sent.host.parts[Updates])
    claim, update = await claim_of(request, sent.client), read_update(sent.given, sent.form)
    answer, again = await group.submit(sent.host, update, sent.client, claim)
    return replayed(answer) if again else Response(answer.body, answer.status, answer.headers)


async def try_update(request: Request, suffix: str, caller: Anyone) -> Response:
    sent = await _sent(request, suffix, caller)
    update = read_update(sent.given, sent.form)
    return answered(sent.form, "service_request_updates", [{"update_id": update.update_id}])


async def nothing(request: Request, rest: str, caller: Anyone) -> Response:
    raise unknown(rest[:80] or "an address without a resource")


def _form(suffix: str) -> Format:
    form = format_of(suffix)
    if form is None:
        raise unknown(f"format {suffix[:80]}")
    return form


def _asked(request: Request, suffix: str, host: Host) -> tuple[Format, Given, GeoReport]:
    form, given = _form(suffix), Given(request.query_params)
    return form, given, _of_jurisdiction(given, host)


def _of_jurisdiction(given: Given, host: Host) -> GeoReport:
    geo, settings = cast(GeoReport, host.parts[GeoReport]), cast(IntakeSettings, host.parts[IntakeSettings])
    hold_to_jurisdiction(given, settings.community, geo.rules)
    return geo


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form that a client with a key sent; `media` are the files in it."""

    form: Format
    given: Given
    media: Sequence[bytes]
    client: Caller
    host: Host


async def _sent(request: Request, suffix: str, caller: Caller) -> _Sent:
    form, host = _form(suffix), cast(Host, request.app.state.host)
    # Read whole first: the claim to an Idempotency-Key asks for the bytes, which a form leaves nothing of.
    await request.body()
    async with request.form() as fields:
        given, media = Given(fields, request.query_params), await media_of(fields)
    client = await _client(host, caller, given.one("api_key"))
    _of_jurisdiction(given, host)
    return _Sent(form, given, media, client, host)


async def _posted(request: Request, suffix: str, caller: Caller) -> tuple[Posting, _Sent]:
    sent = await _sent(request, suffix, caller)
    host, geo = sent.host, cast(GeoReport, sent.host.parts[GeoReport])
    posted = read_posted(sent.given, geo)
    hold_to_count(sent.media, geo.rules)
    catalogue, channels = cast(Catalogue, host.parts[Catalogue]), cast(Channels, host.parts[Channels])
    report = checked(posted.body, sent.client, catalogue, channels, door=Channel.open311)
    return Posting(report, posted, sent.form), sent


async def _client(host: Host, caller: Caller, key: str | None) -> Caller:
    if is_client(caller):
        return caller
    if key is None:
        raise keyless("required")
    try:
        presented = parse_api_key(key)
        async with host.look() as work:
            return await identify_key(work, presented)
    except Unauthorized as error:
        raise keyless("is wrong or has been revoked") from error


def _name_pages(request: Request, answer: Response, page: Paged, total: int) -> None:
    last = max(1, -(-total // page.size))
    pages = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": last}
    said = [one for one in request.query_params.multi_items() if one[0] not in {"page", "page_size"}]
    answer.headers["Link"] = ", ".join(
        f'<?{urlencode([*said, ("page", number), ("page_size", page.size)])}>; rel="{name}"'
        for name, number in pages.items()
        if 1 <= number <= last
    )


def _serve(path: str, take: Callable[..., object], take_update: Callable[..., object]) -> None:
    asked, sent = documents.asked, documents.sent
    gets: tuple[tuple[str, Callable[..., object], str, documents.Schema], ...] = (
        ("/discovery.{suffix}", discovery, "Where what is served", asked()),
        ("/services.{suffix}", services, "What can be reported", asked()),
        ("/services/{code}.{suffix}", definition, "The questions of a service", asked()),
        ("/requests.{suffix}", requests, "Requests, the newest first", asked(documents.WANTED)),
        ("/requests/{no}.{suffix}", request_by_id, "One request", asked()),
        ("/tokens/{token}.{suffix}", token, "The request that a token stands for", asked()),
        ("/servicerequestupdates.{suffix}", updates, "Steps of requests, the oldest first",
         asked(documents.SPAN, documents.PAGE)),
    )  # fmt: skip
    for address, endpoint, summary, extra in gets:
        router.add_api_route(path + address, endpoint, summary=summary, openapi_extra=extra)
    posts: tuple[tuple[str, Callable[..., object], str, documents.Schema], ...] = (
        ("/requests.{suffix}", take, "Report something (api_key)", documents.sent_with_media()),
        (
            "/servicerequestupdates.{suffix}",
            take_update,
            "Add to a request (api_key)",
            sent(documents.UPDATE),
        ),
    )
    for address, endpoint, summary, extra in posts:
        router.add_api_route(path + address, endpoint, methods=["POST"], summary=summary, openapi_extra=extra)


router = APIRouter(prefix="/open311", tags=["open311"], route_class=GeoReportRoute)
router.add_api_route("/discovery.{suffix}", discovery, summary="Discovery", openapi_extra=documents.asked())
_serve(PRODUCTION, post_request, post_update)
_serve(TEST, try_request, try_update)
# The standard has its own way of saying that something is not there.
router.add_api_route("/{rest:path}", nothing, methods=["GET", "POST"], include_in_schema=False)
