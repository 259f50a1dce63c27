"""One process for all: nobody speaks before all others listen, and URLs are those behind nginx."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sanlian.embedded import Dispatcher, running
from sanlian.front import front
from sanlian.ports import ALIASES
from shared.bus.memory import MemoryBus
from shared.clock import SystemClock
from shared.db import new_metadata
from shared.events.grid import IssueLocated
from shared.runtime import Plan, Runtime
from shared.service import Service, Work
from shared.settings import ServiceSettings
from shared.testing import COMMUNITY, MASTER_KEYS
from tests.shared.toys import eventually, located

NGINX = (Path(__file__).resolve().parents[2] / "deploy" / "nginx" / "sanlian.conf").read_text()


def settings(url: str) -> ServiceSettings:
    return ServiceSettings(database_url=url, community=COMMUNITY, master_keys=MASTER_KEYS)


async def test_what_a_killed_process_left_unpublished_reaches_every_service_after_the_start(
    tmp_path: Path,
) -> None:
    speaker, heard = Service("grid", new_metadata()), {"intake": 0, "notify": 0}
    listeners = [Service(name, new_metadata()) for name in heard]
    for service in listeners:

        @service.on_batch(IssueLocated)
        async def hear(events: Sequence[IssueLocated], work: Work) -> None:
            heard[work.host.service.name] += len(events)

    bus = MemoryBus(SystemClock())
    runtimes = [
        Runtime(
            Plan(one, ServiceSettings), settings(f"sqlite+aiosqlite:///{tmp_path / one.name}.db"), bus=bus
        )
        for one in (speaker, *listeners)
    ]
    for runtime in runtimes:
        async with runtime.database.engine.begin() as connection:
            await connection.run_sync(runtime.plan.service.metadata.create_all)
    async with runtimes[0].host.work() as work:
        for _ in range(3):
            work.emit(located())
    async with running(runtimes, bus):
        await eventually(lambda: heard == {"intake": 3, "notify": 3})


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/intake/v1/issues", "intake"),
        ("/intake", "intake"),
        ("/grid/docs", "grid"),
        ("/intakes/v1", None),
        ("/", None),
        ("/v1/intake", None),
    ],
)
async def test_the_first_segment_of_a_path_says_which_service_answers(path: str, said: str | None) -> None:
    def saying(name: str) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse(f"{name} {scope['path']}")(scope, receive, send)

        return app

    dispatcher = Dispatcher({name: saying(name) for name in ("intake", "grid")}, saying("front"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(dispatcher), base_url="http://test") as client:
        assert (await client.get(path)).text == f"{said or 'front'} {path}"


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/open311/v2/requests.xml", "/intake/v1/open311/v2/requests.xml"),
        ("/open311/v2/requests/路.json", "/intake/v1/open311/v2/requests/路.json"),
        ("/open311/test/v2/services.json", "/intake/v1/open311/test/v2/services.json"),
        ("/discovery.json", "/intake/v1/open311/discovery.json"),
        ("/.well-known/webhook-keys", "/notify/v1/webhook-keys"),
    ],
)
async def test_what_a_standard_prescribes_stands_there_at_every_door(path: str, own: str) -> None:
    heard: list[Scope] = []

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(scope)
        await PlainTextResponse(scope["path"])(scope, receive, send)

    dispatcher = Dispatcher({"intake": service, "notify": service}, front())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(dispatcher), base_url="http://test") as client:
        assert (await client.get(path)).text == own
    assert heard[0]["raw_path"] == quote(own).encode()
    rules = re.findall(r"rewrite (\S+) (\S+) break;", NGINX)
    assert len(rules) == len(ALIASES)
    by_nginx = [re.sub(rule, to.replace("$1", r"\1"), path) for rule, to in rules if re.match(rule, path)]
    assert by_nginx == [own]


async def test_the_front_refuses_in_problem_documents_and_lets_nobody_frame_it() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front()), base_url="http://test") as client:
        page, absent = await client.get("/"), await client.get("/nothing")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "三联三力" in page.text
    assert absent.status_code == 404
    assert absent.headers["content-type"] == "application/problem+json"
    assert absent.json()["type"] == "urn:sanlian:problem:not-found"


def test_no_query_stands_in_the_log_of_the_door() -> None:
    (written,) = re.findall(r"^log_format queryless (.*?);$", NGINX, re.DOTALL | re.MULTILINE)
    assert re.findall(r"^ *access_log (.*);$", NGINX, re.MULTILINE) == ["/var/log/nginx/access.log queryless"]
    # `$request`, `$request_uri`, `$args` and the referrer hold the query.
    assert not re.search(r"\$(request|request_uri|args|arg_\w+|query_string|http_referer)\b", written)
