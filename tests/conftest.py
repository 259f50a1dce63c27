"""Fixtures for all tests; `tests/servers` says where PostgreSQL and RabbitMQ come from.

| fixture | what a test gets |
|---|---|
| `footing` | the test runs twice: on SQLite and the memory bus, on PostgreSQL and RabbitMQ |
| `tables` | the test runs twice, on SQLite and on PostgreSQL, with a service's empty tables and no broker |
| `make_database` | a function: a name in, the URL of a fresh PostgreSQL database out |
| `vhost` | the AMQP URL of a fresh virtual host |
| `postgres_server` | a PostgreSQL to stop, pause and restart; whole again after the test |
| `broker` | a RabbitMQ to stop, cut and restart; `broker.url` is the test's virtual host |
| `rabbit_cluster` | a RabbitMQ of three nodes, to be killed one by one; its `url` lists them |

A test that needs a server which cannot be had is deselected, the last line of the run says so, and with
`CI=true` the run fails. `tests/workers.py` says how the tests are spread over processes.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import MetaData
from xdist.remote import Producer
from xdist.workermanage import WorkerController

from tests.servers.choice import Servers
from tests.servers.cluster import RabbitCluster, cluster_at_hand, debian_cluster
from tests.servers.machine import Trouble
from tests.servers.postgres import PostgresServer
from tests.servers.rabbit import RabbitServer
from tests.tables import Layouts
from tests.workers import ByPortion

servers_key = pytest.StashKey[Servers]()
not_run_key = pytest.StashKey[dict[str, str]]()

# How long an example takes says more about the machine than about the code.
# In CI the examples are the same each time, so that a red run can be repeated.
settings.register_profile("house", deadline=None, print_blob=True, derandomize=os.environ.get("CI") == "true")
settings.load_profile("house")

EMBEDDED, DISTRIBUTED = "embedded", "distributed"


@dataclass(frozen=True, slots=True)
class Footing:
    """Where services stand in a test: their databases by name, and their broker if they have one."""

    name: str
    database_url: Callable[[str], str]
    broker: RabbitServer | None

    @property
    def amqp_url(self) -> str | None:
        """The test's virtual host, made when it is first asked for: most tests of a service never do."""
        return None if self.broker is None else self.broker.url


# What these fixtures ask for only while a test runs on the distributed footing.
ASKED_FOR_LATE = {
    "footing": {"postgres_general", "rabbit_general"},
    "tables": {"postgres_general"},
    "lab": {"rabbit_general"},
}

# Metadata in, URL out.
Tables = Callable[[MetaData], Awaitable[str]]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[servers_key] = Servers()
    config.stash[not_run_key] = {}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start the servers that the chosen tests need, and let go of the tests whose servers cannot be had."""
    if config.option.collectonly:
        return
    servers, not_run = config.stash[servers_key], config.stash[not_run_key]
    starts = {
        "postgres_general": servers.postgres,
        "rabbit_general": servers.rabbit,
        "postgres_controlled": servers.controlled_postgres,
        "rabbit_controlled": servers.controlled_rabbit,
        # Three nodes take long to start, so that only the test does it: each worker comes by here.
        "rabbit_cluster": cluster_at_hand,
    }
    for item in items:
        for need in _needs(item) & starts.keys():
            try:
                starts[need]()
            except Trouble as trouble:
                not_run[item.nodeid] = str(trouble)
    gone = [item for item in items if item.nodeid in not_run]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item.nodeid not in not_run]


def _needs(item: pytest.Item) -> set[str]:
    needs = set(getattr(item, "fixturenames", ()))
    params = item.callspec.params if hasattr(item, "callspec") else {}
    for fixture, servers in ASKED_FOR_LATE.items():
        if params.get(fixture) == DISTRIBUTED:
            needs |= servers
    return needs


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPortion:
    return ByPortion(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Learn from a worker that is done what it could not run; one that crashed told nothing."""
    node.config.stash[not_run_key].update(getattr(node, "workeroutput", {}).get("not_run", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = session.config.stash[not_run_key]
        return
    if session.config.stash[not_run_key] and os.environ.get("CI") == "true" and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[servers_key].close()
    not_run = config.stash[not_run_key]
    if not_run and not hasattr(config, "workeroutput"):
        reasons = "; ".join(sorted(set(not_run.values())))
        print(f"\nNOT RUN: {len(not_run)} tests for want of PostgreSQL or RabbitMQ ({reasons})")


@pytest.fixture(scope="session")
def postgres_general(pytestconfig: pytest.Config) -> PostgresServer:
    return pytestconfig.stash[servers_key].postgres()


@pytest.fixture(scope="session")
def postgres_controlled(pytestconfig: pytest.Config) -> PostgresServer:
    return pytestconfig.stash[servers_key].controlled_postgres()


@pytest.fixture(scope="session")
def rabbit_general(pytestconfig: pytest.Config) -> RabbitServer:
    return pytestconfig.stash[servers_key].rabbit()


@pytest.fixture(scope="session")
def rabbit_controlled(pytestconfig: pytest.Config) -> RabbitServer:
    return pytestconfig.stash[servers_key].controlled_rabbit()


@pytest.fixture(scope="session")
def postgres_url(postgres_general: PostgresServer) -> str:
    """The server's URL up to and with the slash before a database's name."""
    return postgres_general.url


@pytest.fixture
def make_database(postgres_general: PostgresServer) -> Iterator[Callable[[str], str]]:
    """Make fresh databases for one test; they are dropped after it, connected or not."""
    server = postgres_general.for_test()
    yield server.create_database
    server.drop_databases()


@pytest.fixture(scope="session")
def amqp_url(rabbit_general: RabbitServer) -> Iterator[str]:
    """A virtual host that all tests of the run share; prefer `vhost`."""
    server = rabbit_general.for_test()
    yield server.url
    server.drop_vhosts()


@pytest.fixture
def vhost(rabbit_general: RabbitServer) -> Iterator[str]:
    """The AMQP URL of a virtual host that nobody used before and nobody will use after."""
    server = rabbit_general.for_test()
    yield server.url
    server.drop_vhosts()


@pytest.fixture
async def postgres_server(postgres_controlled: PostgresServer) -> AsyncIterator[PostgresServer]:
    """A server to be mistreated; its `create_database` makes databases that go with the test."""
    server = postgres_controlled.for_test()
    yield server
    await server.mend()
    server.drop_databases()


@pytest.fixture
async def broker(rabbit_controlled: RabbitServer) -> AsyncIterator[RabbitServer]:
    """A broker to be mistreated; its `url` is a virtual host that goes with the test."""
    server = rabbit_controlled.for_test()
    yield server
    await server.mend()
    server.drop_vhosts()


@pytest.fixture(scope="module")
def rabbit_cluster() -> Iterator[RabbitCluster]:
    """A broker of three nodes, for the tests of one file."""
    cluster = debian_cluster()
    yield cluster
    cluster.remove()


@pytest.fixture(params=[EMBEDDED, DISTRIBUTED])
def footing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Footing]:
    """Run the test on each footing; what a service needs is made when its URL is first asked for."""
    if request.param == EMBEDDED:
        yield Footing(EMBEDDED, lambda service: f"sqlite+aiosqlite:///{tmp_path}/{service}.db", None)
        return
    make: Callable[[str], str] = request.getfixturevalue("make_database")
    server: RabbitServer = request.getfixturevalue("rabbit_general")
    broker = server.for_test()
    yield Footing(DISTRIBUTED, cache(make), broker)
    broker.drop_vhosts()


@pytest.fixture(scope="session")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Layouts:
    """The tables of each service that were laid out in this run."""
    return Layouts(tmp_path_factory.mktemp("layouts"))


@pytest.fixture
def embedded_tables(layouts: Layouts, tmp_path: Path) -> Tables:
    """A function: a service's metadata in, the URL of an SQLite file with its empty tables out."""
    return lambda metadata: layouts.on_sqlite(metadata, tmp_path / "tables.db")


@pytest.fixture(scope="session")
def laid_out(postgres_general: PostgresServer) -> Iterator[PostgresServer]:
    """Where the databases with tables are made, which all tests of the run share."""
    server = postgres_general.for_test()
    yield server
    server.drop_databases()


@pytest.fixture
def distributed_tables(layouts: Layouts, laid_out: PostgresServer) -> Tables:
    """A function: a service's metadata in, the URL of a PostgreSQL database with its empty tables out."""
    return lambda metadata: layouts.on_postgres(metadata, laid_out.create_database)


@pytest.fixture(params=[EMBEDDED, DISTRIBUTED])
def tables(request: pytest.FixtureRequest) -> Tables:
    """Run the test on each database; a function: a service's metadata in, the URL of its empty tables out."""
    made: Tables = request.getfixturevalue(f"{request.param}_tables")
    return made
