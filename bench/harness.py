"""What every figure needs: servers of its own, limits measured in the same run, one way to print."""

import asyncio
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.raw_amqp import RawChannel
from shared.auth import key_text
from shared.bus import Bus
from shared.clock import SystemClock
from shared.runtime import Plan, Runtime
from tests.servers.choice import Servers
from tests.servers.postgres import programs

COMMUNITY = "620102014006"
MASTER_KEYS = "bench:" + b64encode(b"0" * 32).decode()
# Three rows as a hop leaves them: the inbox's, the state that changes, the event that follows.
HOP_SCHEMA = """
CREATE TABLE inbox_row (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE state_row (id uuid PRIMARY KEY, version int NOT NULL, area text NOT NULL, body text NOT NULL);
CREATE TABLE event_row (position bigserial PRIMARY KEY, id uuid NOT NULL, type text, body bytea);
"""
HOP_SCRIPT = """
WITH seen AS (INSERT INTO inbox_row (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING RETURNING id),
 kept AS (INSERT INTO state_row SELECT id, 1, '620102014006001001', repeat('x', 200) FROM seen
  ON CONFLICT (id) DO UPDATE SET version = excluded.version RETURNING id)
INSERT INTO event_row (id, type, body)
 SELECT id, 'grid.issue.located.v1', decode(repeat('78', 600), 'hex') FROM kept;
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A PostgreSQL that keeps what it confirms and a RabbitMQ, both private to the run."""

    database: Callable[[str], str]
    amqp_url: str

    def hops_per_second(self) -> float:
        """The limit of a hop: one statement and one commit for its three rows."""
        url = self.database("limit_hop")
        self._psql(url, HOP_SCHEMA)
        return self.commits_per_second(url, HOP_SCRIPT)

    def commits_per_second(
        self, database_url: str, statement: str, *, connections: int = 8, seconds: int = 5
    ) -> float:
        """The limit of committing: pgbench, prepared, one statement a transaction, durable."""
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "pair.sql")
            # pgbench reads a line as a statement unless it is told otherwise.
            script.write_text(" ".join(statement.split()) + "\n")
            environment, where = _client(database_url)
            load = ["-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(seconds)]
            command = [str(programs() / "pgbench"), *load, "-f", str(script), *where]
            done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr}")
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        if found is None:
            raise RuntimeError(f"pgbench said nothing of its rate: {done.stdout}")
        return float(found[1])

    def _psql(self, database_url: str, statements: str) -> None:
        environment, where = _client(database_url)
        subprocess.run(
            [str(programs() / "psql"), "-q", "-c", statements, *where], check=True, env=environment
        )

    def publishes_per_second(self, payload: bytes, count: int = 20_000) -> float:
        """The limit of publishing: a raw socket, a quorum queue, confirmed, a window of 500."""
        channel = RawChannel(self.amqp_url)
        try:
            channel.declare("bench.raw")
            rate = channel.publish("bench.raw", payload, count)
            channel.delete("bench.raw")
        finally:
            channel.close()
        return rate


def _client(database_url: str) -> tuple[dict[str, str], list[str]]:
    """How PostgreSQL's own programs find a database: their environment and their arguments."""
    url = urlsplit(database_url)
    where = ["-h", url.hostname or "", "-p", str(url.port), "-U", url.username or "", url.path[1:]]
    return {**os.environ, "PGPASSWORD": url.password or ""}, where


@contextmanager
def ground() -> Generator[Ground]:
    """Start the servers, and stop them whatever happens."""
    servers = Servers()
    try:
        postgres, rabbit = servers.controlled_postgres().for_test(), servers.controlled_rabbit().for_test()
        yield Ground(postgres.create_database, rabbit.url)
    finally:
        servers.close()


@asynccontextmanager
async def running(plan: Plan[Any], url: str, *, bus: Bus, **settings: object) -> AsyncGenerator[Runtime[Any]]:
    """A service's runtime on an empty database, not started: a figure drives the part that it measures."""
    given = {"database_url": url, "community": COMMUNITY, "master_keys": MASTER_KEYS, **settings}
    given.setdefault("local_public_key", key_text(Ed25519PrivateKey.generate().public_key()))
    runtime = Runtime(plan, plan.settings.model_validate(given), bus=bus, clock=SystemClock())
    async with runtime.database.engine.begin() as connection:
        await connection.run_sync(plan.service.metadata.create_all)
    try:
        yield runtime
    finally:
        await runtime.close()


def say(name: str, value: float, unit: str, ratio: float | None = None) -> None:
    """Print a published figure: `name value unit ratio-to-limit`."""
    shown = "-" if ratio is None else f"{ratio:.2f}"
    print(f"{name} {value:,.1f} {unit} {shown}", flush=True)


def note(text: str) -> None:
    """Print what helps to read the figures."""
    print(f"# {text}", flush=True)


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a figure on the loop that we serve with."""
    uvloop.run(main())


async def timed(work: Awaitable[Any]) -> float:
    """Seconds that the work took."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share (0–1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def best(rates: Sequence[float]) -> float:
    """The median: one noisy neighbour less."""
    return statistics.median(rates)


async def until(
    condition: Callable[[], Awaitable[bool]], *, seconds: float = 120.0, pause: float = 0.02
) -> None:
    """Wait for a condition, and give up loudly."""
    end = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > end:
            sys.exit("gave up waiting")
        await asyncio.sleep(pause)
