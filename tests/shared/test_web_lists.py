"""Lists in pages, and what an app serves beside its API."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.auth import Caller, KeySet, Role, TrustedIssuer, issue_token, public_jwk
from shared.clock import FakeClock, SystemClock
from shared.errors import Unauthorized
from shared.settings import ServiceSettings
from shared.testing import COMMUNITY, MASTER_KEYS, Stage, staged
from shared.web import Scope, allow, problems
from shared.web.trust import local_issuer, verifier_of
from tests.conftest import Footing
from tests.shared.toys import NOW, located
from tests.shared.web_toy import KEY, PLAN, ROUTERS


@pytest.fixture
async def stage(footing: Footing) -> AsyncIterator[Stage]:
    url = footing.database_url("grid")
    async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW)) as made:
        yield made


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client(Role.GRID_WORKER) as made:
        yield made


@pytest.fixture
async def outside(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without credentials, at the root of the service."""
    transport = httpx.ASGITransport(stage.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test/grid") as made:
        yield made


def next_of(answer: httpx.Response) -> str | None:
    link = answer.links.get("next")
    return None if link is None else link["url"]


async def fill(client: httpx.AsyncClient, words: str) -> None:
    for word in words:
        assert (await client.post("/notes", json={"text": word})).status_code == 201


async def test_a_list_is_read_to_its_end_by_following_the_links(client: httpx.AsyncClient) -> None:
    await fill(client, "bdfhj")
    first = await client.get("/notes", params={"limit": 2, "colour": "红"})
    assert [note["text"] for note in first.json()] == ["b", "d"]
    found, follow = ["b", "d"], next_of(first)
    while follow is not None:
        assert "limit=2" in follow
        assert "colour=%E7%BA%A2" in follow
        answer = await client.get(f"http://test{follow}")
        found += [note["text"] for note in answer.json()]
        follow = next_of(answer)
    assert found == ["b", "d", "f", "h", "j"]


async def test_a_page_is_stable_while_rows_come(client: httpx.AsyncClient) -> None:
    await fill(client, "bdf")
    first = await client.get("/notes", params={"limit": 2})
    await fill(client, "ace")
    second = await client.get(f"http://test{next_of(first)}")
    assert [note["text"] for note in second.json()] == ["e", "f"]


async def test_a_list_that_ends_names_no_next_page(client: httpx.AsyncClient) -> None:
    await fill(client, "ab")
    assert next_of(await client.get("/notes", params={"limit": 2})) is None
    assert (await client.get("/notes", params={"cursor": ""})).json()[0]["text"] == "a"


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", "W10", "WzFd", "eyJhIjoxfQ", "-" * 513])
async def test_a_cursor_that_is_not_ours_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/notes", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "201", "many"])
async def test_a_limit_out_of_bounds_is_refused(client: httpx.AsyncClient, limit: str) -> None:
    answer = await client.get("/notes", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "limit"


async def test_probes_tell_the_state_of_the_service(outside: httpx.AsyncClient, stage: Stage) -> None:
    assert (await outside.get("/healthz")).json() == {"service": "grid", "status": "alive"}
    assert (await outside.get("/readyz")).status_code == 200
    stage.bus.is_ready = False
    answer = await outside.get("/readyz")
    assert (answer.status_code, answer.json()["faults"]) == (503, {"bus": "no events flow"})


async def test_the_metrics_count_requests_by_route_and_the_backlog(
    outside: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    await fill(client, "ab")
    await outside.get("/v1/nowhere")
    page = (await outside.get("/metrics")).text
    labels = 'method="POST",route="/notes",service="grid",status="201"'
    assert f"sanlian_http_requests_total{{{labels}}} 2.0" in page
    assert 'route="unrouted"' in page
    assert 'sanlian_outbox_waiting{service="grid"} 2.0' in page


async def test_the_documents_come_from_here_and_from_nowhere_else(outside: httpx.AsyncClient) -> None:
    page = (await outside.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/grid/docs/assets/{asset}" in page
        assert (await outside.get(f"/docs/assets/{asset}")).status_code == 200
    described = (await outside.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert {"/grid/v1/notes", "/grid/v1/hot"} <= described["paths"].keys()


async def test_one_line_a_request_is_logged_without_the_path(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="sanlian.access")
    await client.post("/notes/00000000-0000-0000-0000-000000000000/close")
    (line,) = [record for record in caplog.records if record.name == "sanlian.access"]
    assert vars(line)["route"] == "/notes/{id}/close"
    assert (vars(line)["method"], vars(line)["status"]) == ("POST", 404)


async def test_a_stage_gives_events_as_the_bus_would(stage: Stage) -> None:
    envelope = stage.enveloped(located())
    assert await stage.give(envelope, envelope, located()) == []
    assert stage.enveloped(envelope) is envelope


def test_every_refusal_stands_once_in_the_page_for_clients() -> None:
    slugs = [line.split("`")[1] for line in problems.table().splitlines() if line.startswith("| `")]
    assert len(slugs) == len(set(slugs))
    assert {"not-found", "stale-version", "idempotency-key-reused", "busy"} <= set(slugs)


def settings_of(tmp_path: Path, **given: object) -> ServiceSettings:
    base = {"database_url": "sqlite://", "community": COMMUNITY, "master_keys": MASTER_KEYS}
    return ServiceSettings.model_validate({**base, **given})


async def test_the_tokens_of_a_provider_are_believed_by_its_keys(tmp_path: Path) -> None:
    key, clock = Ed25519PrivateKey.generate(), SystemClock()
    keys = {"keys": [public_jwk(key.public_key())]}
    path = tmp_path / "jwks.json"
    path.write_bytes(orjson.dumps(keys))
    settings = settings_of(tmp_path, jwt_issuer="https://id.example", jwt_jwks_file=path)
    caller = Caller("u-9", frozenset({Role.OPERATOR}))
    issuer = TrustedIssuer("https://id.example", settings.jwt_audience, KeySet(keys))
    token = issue_token(key, caller, issuer, now=clock.now(), ttl=timedelta(minutes=5))
    assert (await verifier_of(settings, clock).verify(token)).subject == "u-9"


async def test_the_keys_of_a_provider_are_fetched_when_a_token_comes(unused_tcp_port: int) -> None:
    key, clock = Ed25519PrivateKey.generate(), SystemClock()
    keys = {"keys": [public_jwk(key.public_key())]}
    served = web.Application()

    async def jwks(_: web.Request) -> web.Response:
        return web.json_response(keys)

    served.router.add_get("/jwks", jwks)
    runner = web.AppRunner(served)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    url = f"http://127.0.0.1:{unused_tcp_port}/jwks"
    settings = settings_of(Path(), jwt_issuer="https://id.example", jwt_jwks_url=url)
    issuer = TrustedIssuer("https://id.example", settings.jwt_audience, KeySet(keys))
    token = issue_token(key, Caller("u-9"), issuer, now=clock.now(), ttl=timedelta(minutes=5))
    assert (await verifier_of(settings, clock).verify(token)).subject == "u-9"
    await runner.cleanup()


async def test_without_an_issuer_no_token_is_believed(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with pytest.raises(ValueError, match="local_public_key"):
        local_issuer(settings)
    with pytest.raises(Unauthorized):
        await verifier_of(settings, SystemClock()).verify("a.b.c")


def test_an_endpoint_names_its_roles() -> None:
    with pytest.raises(TypeError, match="name the roles"):
        allow(area=Scope.record)


async def test_a_service_that_issues_no_keys_takes_none(tmp_path: Path) -> None:
    plan = replace(PLAN, identify_key=None)
    url = f"sqlite+aiosqlite:///{tmp_path}/grid.db"
    async with (
        staged(plan, ROUTERS, database_url=url, clock=FakeClock(NOW)) as stage,
        stage.client(key=KEY) as client,
    ):
        answer = await client.get("/public")
    assert answer.status_code == 401
    assert "takes no API keys" in answer.json()["detail"]
