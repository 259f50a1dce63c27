"""A stage for the tests of one service: its real app and database, a clock to turn, a bus that notes."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter

from shared.auth import Caller, Role, issue_token, key_text
from shared.bus import Failure, Receive
from shared.clock import FakeClock
from shared.envelope import Cause, Envelope, Packed, seal, unpack
from shared.events import Event
from shared.host import Host
from shared.runtime import Plan, Runtime
from shared.settings import ServiceSettings
from shared.web.app import build
from shared.web.trust import local_issuer

COMMUNITY = "620102014006"
MASTER_KEYS = "test:" + "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="


class NotingBus:
    """Takes every event and hands on none, so that a test sees what one service says by itself."""

    def __init__(self) -> None:
        self.published: list[Packed] = []
        self.is_ready = True

    async def start(self) -> None:
        """Nothing to connect."""

    async def rest(self) -> None:
        """Nothing to finish."""

    async def close(self) -> None:
        """Nothing to close."""

    async def subscribe(self, service: str, types: Iterable[str], receive: Receive) -> None:
        """Tests hand events over by `Stage.give`."""

    async def publish(self, messages: Sequence[Packed]) -> None:
        """Note them."""
        self.published.extend(messages)


class Stage:
    """One service, acted upon through its doors: HTTP and events."""

    def __init__(self, app: Any, bus: NotingBus, clock: FakeClock, key: Ed25519PrivateKey) -> None:
        self.app, self.bus, self.clock, self._key = app, bus, clock, key
        self.runtime: Runtime[Any] = app.state.runtime
        self.host: Host = self.runtime.host
        self._told = 0

    def token(self, caller: Caller) -> str:
        """A token that the service believes, good for ten years of the stage's clock."""
        issuer = local_issuer(self.runtime.settings)
        return issue_token(self._key, caller, issuer, now=self.clock.now(), ttl=timedelta(days=3650))

    def client(
        self, *roles: Role, areas: Sequence[str] = (COMMUNITY,), subject: str = "u-1", key: str | None = None
    ) -> httpx.AsyncClient:
        """A client of the API: a person with these roles, the holder of an API key, or nobody."""
        headers = {}
        if roles:
            caller = Caller(subject, frozenset(roles), tuple(areas))
            headers = {"Authorization": f"Bearer {self.token(caller)}"}
        if key is not None:
            headers = {"Authorization": f"Bearer {key}"}
        base = f"http://test/{self.runtime.plan.service.name}/v1"
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=base, headers=headers)

    async def give(self, *events: Event | Envelope) -> Sequence[Failure]:
        """Deliver events in one batch, as the bus would; return those that could not be taken."""
        return await self.host.receive([self.enveloped(event) for event in events])

    def enveloped(self, event: Event | Envelope) -> Envelope:
        """An event as it comes off the wire; give the same envelope twice to deliver it twice."""
        if isinstance(event, Envelope):
            return event
        packed = seal(event, occurred_at=self.clock.now(), cause=Cause(correlation_id=uuid4()))
        return unpack(packed.body)[0]

    async def emitted(self) -> list[Event]:
        """The events that the service has emitted since the last call, in order."""
        await self.runtime.relay.drain()
        new = self.bus.published[self._told :]
        self._told = len(self.bus.published)
        return [unpack(message.body)[0].open() for message in new]


@asynccontextmanager
async def staged(
    plan: Plan[Any],
    routers: Sequence[APIRouter],
    *,
    database_url: str,
    clock: FakeClock,
    anew: bool = True,
    **settings: object,
) -> AsyncGenerator[Stage]:
    """Put a service on stage, on empty tables. Its background work does not run; call it by hand.

    The tables are made anew; with `anew=False` they stand in the database already, without a row.
    """
    key, bus = Ed25519PrivateKey.generate(), NotingBus()
    given: dict[str, object] = {
        "database_url": database_url,
        "community": COMMUNITY,
        "master_keys": MASTER_KEYS,
        "local_public_key": key_text(key.public_key()),
        **settings,
    }
    app = build(plan, routers, _settings(plan.settings, given), bus=bus, clock=clock, lifespan=False)
    runtime: Runtime[Any] = app.state.runtime
    if anew:
        await _lay_out(runtime)
    try:
        yield Stage(app, bus, clock, key)
    finally:
        await runtime.close()


async def _lay_out(runtime: Runtime[Any]) -> None:
    metadata = runtime.plan.service.metadata
    async with runtime.database.engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)


def _settings(kind: type[ServiceSettings], given: dict[str, object]) -> ServiceSettings:
    return kind.model_validate(given)
