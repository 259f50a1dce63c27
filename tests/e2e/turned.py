"""The whole town with a clock that can be put forward: its services in this process, on either footing.

All else is as it is in service: one HTTP server, the broker and the databases of the footing, the background
work of each service. A process of its own would know no other time than the machine's.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from sqlalchemy import MetaData
from starlette.applications import Starlette
from starlette.types import ASGIApp

from sanlian.demo.doors import until
from sanlian.demo.load import load
from sanlian.demo.people import COMMUNITY
from sanlian.demo.town import Town
from sanlian.deployed import find_all
from sanlian.embedded import Dispatcher, embedded
from sanlian.footings import STATE_DIR, State, settings_of
from sanlian.front import front
from sanlian.keys import make_keys
from sanlian.serving import bind
from shared.db import Database
from shared.web.app import build

# Longer than any story reaches into the future.
TOKEN_DAYS = 400


class TurnedClock:
    """The clock of the machine, ahead of it by as much as it was put forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The moment that the services live in, in UTC."""
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> datetime:
        """Put it forward, and return the new time."""
        self._ahead += by
        return self.now()


@dataclass(frozen=True, slots=True)
class Turned:
    """A town at work, the clock that it goes by, and the environment for commands about it."""

    town: Town
    clock: TurnedClock
    given: dict[str, str]


@contextmanager
def turned_embedded(folder: Path) -> Iterator[Turned]:
    """All services on one bus in memory, each on its SQLite file."""
    given, clock, state = {STATE_DIR: str(folder)}, TurnedClock(), State(folder)
    make_keys(state.keys)
    for service in find_all():
        _lay_out(state.database_url(service.name), service.plan.service.metadata)
    with (
        _served(given, lambda url: embedded(find_all(), public_url=url, clock=clock)) as url,
        _furnished(url, state) as town,
    ):
        yield Turned(town, clock, given)


@contextmanager
def turned_distributed(folder: Path, databases: Mapping[str, str], amqp_url: str) -> Iterator[Turned]:
    """Each service on its own database and its own connection to the broker."""
    given, clock, state = {STATE_DIR: str(folder)}, TurnedClock(), State(folder)
    own = {f"{name.upper()}_DATABASE_URL": url for name, url in databases.items()}
    make_keys(state.keys)
    for service in find_all():
        _lay_out(databases[service.name], service.plan.service.metadata)
    commands = {**given, **own, "SANLIAN_AMQP_URL": amqp_url, "SANLIAN_COMMUNITY": COMMUNITY}
    with (
        _served(given, lambda url: _behind_broker(url, databases, amqp_url, clock)) as url,
        _furnished(url, state) as town,
    ):
        yield Turned(town, clock, commands)


def _behind_broker(url: str, databases: Mapping[str, str], amqp_url: str, clock: TurnedClock) -> Dispatcher:
    apps = {}
    for service in find_all():
        settings = settings_of(
            service,
            database_url=databases[service.name],
            amqp_url=amqp_url,
            community=COMMUNITY,
            public_url=url,
            retry_ladder_s=(1, 2),
            outbound_http=True,
            outbound_networks="127.0.0.0/8",
            log_level="WARNING",
        )
        apps[service.name] = build(service.plan, service.routers, settings, clock=clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    return Dispatcher({**apps}, front(lifespan))


@contextmanager
def _served(given: Mapping[str, str], make: Callable[[str], ASGIApp]) -> Iterator[str]:
    """Serve what `make` makes of its own URL, from a thread; `given` is its environment."""
    taken = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.MonkeyPatch.context() as environment:
        for name, value in given.items():
            environment.setenv(name, value)
        app = make(url)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, access_log=False))
    thread = Thread(target=server.run, kwargs={"sockets": [taken]}, name="turned town")
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), "the town with the turned clock is served")
        yield url
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _furnished(url: str, state: State) -> Iterator[Town]:
    load(state, url)
    with Town(url, state, token_days=TOKEN_DAYS) as town:
        yield town


def _lay_out(url: str, metadata: MetaData) -> None:
    async def create() -> None:
        database = Database(url)
        try:
            async with database.engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        finally:
            await database.close()

    asyncio.run(create())
