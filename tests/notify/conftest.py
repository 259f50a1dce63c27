"""notify on stage, on both databases, with a street office beside it that verifies by a library not ours."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook, WebhookVerificationError

from services.notify.app import PLAN, ROUTERS
from services.notify.deliveries.courier import Courier
from services.notify.rules.feeds import told
from services.notify.rules.samples import sample_event
from shared.auth import Role
from shared.clock import FakeClock
from shared.events import Event
from shared.testing import Stage, staged
from tests.conftest import Tables

STREET = "620102014"


@dataclass
class Sink:
    """A receiver: notes what comes with the verdict of `standardwebhooks`, and answers as it is told."""

    clock: FakeClock
    url: str = ""
    secret: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> None:
        """Wait until so many messages came."""
        while len(self.came) < count:
            self.arrived.clear()
            await self.arrived.wait()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            self._verify(body, request)
        except WebhookVerificationError as error:
            self.refused.append(repr(error))
            return web.Response(status=401)
        self.came.append((request.headers["webhook-id"], json.loads(body)))
        self.arrived.set()
        return web.Response(status=self.status, headers=self.headers, text="thank you")

    def _verify(self, body: bytes, request: web.Request) -> None:
        """By the library; where the test turned the clock, which the library does not see, by its signer."""
        library, now = Webhook(self.secret), self.clock.now()
        if abs(now - datetime.now(UTC)) < timedelta(minutes=2):
            library.verify(body, dict(request.headers))
            return
        at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        wanted = library.sign(request.headers["webhook-id"], at, body.decode())
        if wanted not in request.headers["webhook-signature"].split(" ") or abs(now - at) > timedelta(
            minutes=5
        ):
            raise WebhookVerificationError("by the signer")

    @property
    def types(self) -> list[str]:
        return [str(document["type"]) for _, document in self.came]


@dataclass
class Office:
    """What tests do again and again."""

    stage: Stage

    async def register(self, sink: Sink, **wishes: object) -> UUID:
        """Register the sink as an endpoint; its test message still waits to be sent."""
        wish = {"office": "ST-CMD", "area_code": STREET, "url": sink.url, "events": ["*"], **wishes}
        async with self.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
            answer = await client.post("/endpoints", json=wish)
        assert answer.status_code == 201, answer.text
        sink.secret = answer.json()["secret"]
        return UUID(answer.json()["id"])

    async def open(self, sink: Sink, **wishes: object) -> UUID:
        """Register the sink and let it answer its test message, so that it is active."""
        endpoint_id = await self.register(sink, **wishes)
        await self.send()
        assert sink.types == ["webhook.test"], sink.refused
        sink.came.clear()
        return endpoint_id

    async def send(self) -> int:
        """Let the courier make one round."""
        courier = self.stage.host.parts[Courier]
        assert isinstance(courier, Courier)
        courier.renew()
        return await courier.once(self.stage.host)

    async def deliveries(self, **query: str) -> list[dict[str, Any]]:
        async with self.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
            answer = await client.get("/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    async def delivery(self, delivery_id: object) -> dict[str, Any]:
        async with self.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
            answer = await client.get(f"/deliveries/{delivery_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def later(self, **by: float) -> None:
        clock = self.stage.clock
        clock.advance(timedelta(**by))


def event_of(type: str, /, **changes: object) -> Event:
    """An event that goes out under this type; `changes` go into its snapshot."""
    return sample_event(told()[type], **changes)


@pytest.fixture
def clock() -> FakeClock:
    """It starts at the real time, since receivers hold the timestamp of an attempt against theirs."""
    return FakeClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def stage(tables: Tables, clock: FakeClock) -> AsyncIterator[Stage]:
    async with staged(
        PLAN,
        ROUTERS,
        database_url=await tables(PLAN.service.metadata),
        clock=clock,
        anew=False,
        outbound_http=True,
        outbound_networks=(ip_network("127.0.0.0/8"),),
    ) as stage:
        yield stage


@pytest.fixture
def office(stage: Stage) -> Office:
    return Office(stage)


@pytest.fixture
async def sinks(clock: FakeClock) -> AsyncIterator[Callable[[], Awaitable[Sink]]]:
    """Make receivers, each on a port of its own."""
    servers: list[TestServer] = []

    async def make() -> Sink:
        sink = Sink(clock)
        app = web.Application()
        app.router.add_post("/hook", sink.take)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        sink.url = str(server.make_url("/hook"))
        return sink

    yield make
    for server in servers:
        await server.close()
