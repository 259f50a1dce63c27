"""One town of real processes on servers that can be mistreated, for all tests of this folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sanlian.demo.people import OPERATOR, Person, token_of
from sanlian.demo.town import Town
from sanlian.footings import State
from sanlian.ports import NAMES
from tests.chaos.telling import Book, register
from tests.e2e.conftest import distributed
from tests.e2e.processes import Served
from tests.servers.postgres import PostgresServer
from tests.servers.rabbit import RabbitServer


@dataclass(frozen=True, slots=True)
class Stack:
    """The town at work, its servers, its processes by service, and the street office that keeps a book."""

    town: Town
    state: State
    processes: Mapping[str, Served]
    databases: Mapping[str, str]
    postgres: PostgresServer
    amqp_url: str
    book: Book
    endpoint: str

    def token(self, person: Person) -> str:
        return token_of(self.state, person)


@contextmanager
def standing(postgres: PostgresServer, amqp_url: str, folder: Path) -> Iterator[Stack]:
    """A town on this database server and this broker; its databases go with it."""
    urls = {name: postgres.create_database(name) for name in NAMES}
    try:
        with distributed(folder, urls, amqp_url) as running, Book() as book:
            yield Stack(
                town=running.town,
                state=State(folder),
                processes=running.processes,
                databases=urls,
                postgres=postgres,
                amqp_url=amqp_url,
                book=book,
                endpoint=register(running.town.person(OPERATOR), book),
            )
    finally:
        postgres.drop_databases()


@pytest.fixture(scope="package")
def town_broker(rabbit_controlled: RabbitServer) -> Iterator[RabbitServer]:
    """The broker of the town, to be mistreated; who does so gives it back whole."""
    broker = rabbit_controlled.for_test()
    yield broker
    broker.drop_vhosts()


@pytest.fixture(scope="package")
def stack(
    postgres_controlled: PostgresServer, town_broker: RabbitServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("chaos")
    with standing(postgres_controlled.for_test(), town_broker.url, folder) as stack:
        yield stack
