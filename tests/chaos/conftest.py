"""One town of real processes on servers that can be mistreated, for all tests of this folder."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

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
    broker: RabbitServer
    book: Book
    endpoint: str

    def token(self, person: Person) -> str:
        return token_of(self.state, person)


@pytest.fixture(scope="package")
def stack(
    postgres_controlled: PostgresServer,
    rabbit_controlled: RabbitServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    postgres, broker = postgres_controlled.for_test(), rabbit_controlled.for_test()
    urls = {name: postgres.create_database(name) for name in NAMES}
    folder = tmp_path_factory.mktemp("chaos")
    with ExitStack() as opened:
        opened.callback(broker.drop_vhosts)
        opened.callback(postgres.drop_databases)
        running = opened.enter_context(distributed(folder, urls, broker.url))
        book = opened.enter_context(Book())
        endpoint = register(running.town.person(OPERATOR), book)
        yield Stack(
            town=running.town,
            state=State(folder),
            processes=running.processes,
            databases=urls,
            postgres=postgres,
            broker=broker,
            book=book,
            endpoint=endpoint,
        )
