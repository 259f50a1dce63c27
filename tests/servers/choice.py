"""Which servers this run has: the first way that works, started on demand, ended with the run."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tests.servers.containers import ensure_image
from tests.servers.machine import Trouble, reaper
from tests.servers.postgres import IMAGE as POSTGRES_IMAGE
from tests.servers.postgres import (
    PostgresServer,
    container_postgres,
    debian_postgres,
    given_postgres,
    programs,
)
from tests.servers.rabbit import IMAGE as RABBIT_IMAGE
from tests.servers.rabbit import RabbitServer, container_rabbit, debian_rabbit, given_rabbit, has_debian

WAYS = ("given", "docker", "debian")
OWN_WAYS = ("docker", "debian")

POSTGRES: Mapping[str, Callable[[], PostgresServer]] = {
    "given": given_postgres,
    "docker": container_postgres,
    "debian": debian_postgres,
}
RABBIT: Mapping[str, Callable[[], RabbitServer]] = {
    "given": given_rabbit,
    "docker": container_rabbit,
    "debian": debian_rabbit,
}

ServerT = TypeVar("ServerT", PostgresServer, RabbitServer)


def allowed(ways: Sequence[str]) -> list[str]:
    """Return the ways that TEST_SERVERS leaves; without it, all."""
    wanted = os.environ.get("TEST_SERVERS", ",".join(WAYS)).split(",")
    return [way for way in ways if way in wanted]


def first(offers: Mapping[str, Callable[[], ServerT]], ways: Sequence[str]) -> ServerT:
    """Return a server got in the first way that works; raise Trouble with every reason where none does."""
    reasons = []
    for way in allowed(ways):
        try:
            return offers[way]()
        except Trouble as trouble:
            reasons.append(f"{way}: {trouble}")
    raise Trouble("; ".join(reasons) or "TEST_SERVERS allows no way")


class Servers:
    """The servers of one test run: started at first need, remembered, and ended by `close`."""

    def __init__(self) -> None:
        self._postgres: dict[str, PostgresServer | Trouble] = {}
        self._rabbit: dict[str, RabbitServer | Trouble] = {}

    def postgres(self) -> PostgresServer:
        return _remembered(self._postgres, "general", lambda: first(POSTGRES, WAYS))

    def rabbit(self) -> RabbitServer:
        return _remembered(self._rabbit, "general", lambda: first(RABBIT, WAYS))

    def controlled_postgres(self) -> PostgresServer:
        """Return a server that may be switched: the general one, unless somebody else runs that."""
        general = self.postgres()
        if general.controlled:
            return general
        return _remembered(self._postgres, "controlled", lambda: first(POSTGRES, OWN_WAYS))

    def controlled_rabbit(self) -> RabbitServer:
        """Return a broker that may be switched: the general one, unless somebody else runs that."""
        general = self.rabbit()
        if general.controlled:
            return general
        return _remembered(self._rabbit, "controlled", lambda: first(RABBIT, OWN_WAYS))

    def close(self) -> None:
        for server in [*self._postgres.values(), *self._rabbit.values()]:
            if not isinstance(server, Trouble):
                server.remove()
        self._postgres.clear()
        self._rabbit.clear()
        reaper.close()


def _remembered(memory: dict[str, ServerT | Trouble], name: str, start: Callable[[], ServerT]) -> ServerT:
    if name not in memory:
        try:
            memory[name] = start()
        except Trouble as trouble:
            memory[name] = trouble
    found = memory[name]
    if isinstance(found, Trouble):
        raise found
    return found


def missing() -> list[str]:
    """Return the names of the servers that no way promises, without starting any."""
    return [
        name
        for name, given, image, installed in (
            ("PostgreSQL", "TEST_DATABASE_URL", POSTGRES_IMAGE, _postgres_installed),
            ("RabbitMQ", "TEST_AMQP_URL", RABBIT_IMAGE, has_debian),
        )
        if not (os.environ.get(given) or installed() or _has_image(image))
    ]


def _postgres_installed() -> bool:
    try:
        return programs().exists()
    except Trouble:
        return False


def _has_image(image: str) -> bool:
    try:
        ensure_image(image)
    except Trouble:
        return False
    return True
