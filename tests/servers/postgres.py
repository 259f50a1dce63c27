"""A PostgreSQL for tests: databases made and dropped at will, and a server that can be made to fail."""

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import threading
from itertools import count
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from tests.servers.containers import Container
from tests.servers.machine import (
    Home,
    Machine,
    Process,
    Trouble,
    family,
    free_ports,
    signal_all,
)
from tests.servers.server import Server

IMAGE = "postgres:17-bookworm"

# A killed server loses nothing by this, only a killed machine would, and no test kills the machine.
# `synchronous_commit` stays on: without it a crash of the server would lose what was acknowledged.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "jit": "off",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}

CLEARING = (
    (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ),
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)

_numbers = count(1)


def sql(url: str, *statements: str) -> None:
    """Run each statement on its own, from any thread, whether or not a loop runs in this one."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_execute(url, statements))
        except (asyncpg.PostgresError, OSError, TimeoutError) as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


async def _execute(url: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1), timeout=10)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class PostgresServer(Server):
    """One server. `url` ends in a slash, to be followed by a database's name."""

    name = "PostgreSQL"
    patience_s = 60

    def __init__(self, url: str, machine: Machine | None = None, idle: list[str] | None = None) -> None:
        super().__init__(machine)
        self.url = url
        self._made: list[str] = []
        self._copies: list[str] = []
        # To make a database and to drop it takes longer than most tests; to empty one does not.
        self._idle: list[str] = [] if idle is None else idle

    def for_test(self) -> "PostgresServer":
        """Return the same server as one test sees it, whose databases go with the test."""
        return PostgresServer(self.url, self._machine, self._idle)

    def create_database(self, name: str, *, like: str | None = None) -> str:
        """Return the URL of a database: an empty one, or a copy of the one at `like`, which is not in use.

        An empty one may have served another test, and be named as it wished. Names never collide, neither
        do the databases of two runs on one server.
        """
        if like is None and self._idle:
            self._made.append(self._idle.pop())
            return self.url + self._made[-1]
        unique = f"test_{os.getpid()}_{next(_numbers)}_{name}"
        template = f' TEMPLATE "{_name(like)}"' if like else ""
        sql(self.url + "postgres", f'CREATE DATABASE "{unique}"{template}')
        (self._copies if like else self._made).append(unique)
        return self.url + unique

    def drop_databases(self) -> None:
        """Take back what this object created, in use or not; a server left off takes its own with it."""
        if (self._made or self._copies) and self.answers():
            for name in self._made:
                sql(self.url + name, *CLEARING)
            self._idle += self._made
            self._drop(self._copies)
        self._made.clear()
        self._copies.clear()

    def remove(self) -> None:
        if not self.controlled:
            self._drop(self._idle)
        super().remove()

    def answers(self) -> bool:
        try:
            sql(self.url + "postgres", "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    async def terminate_connections(self, url: str) -> None:
        """Cut every connection to the database of `url`, as an administrator or a failover would."""
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name(url)}'"
        await asyncio.to_thread(sql, self.url + "postgres", query)

    def _drop(self, names: list[str]) -> None:
        if names:
            sql(self.url + "postgres", *(f'DROP DATABASE "{name}" WITH (FORCE)' for name in names))


def _name(url: str) -> str:
    return make_url(url).database or ""


def given_postgres() -> PostgresServer:
    url = os.environ.get("TEST_DATABASE_URL", "")
    if not url:
        raise Trouble("TEST_DATABASE_URL is not set")
    parsed = make_url(url).set(drivername="postgresql+asyncpg", database="")
    server = PostgresServer(parsed.render_as_string(hide_password=False).rstrip("/") + "/")
    return server.found("TEST_DATABASE_URL")


def container_postgres() -> PostgresServer:
    (port,), password = free_ports(1), secrets.token_hex(8)
    flags = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    machine = Container(
        IMAGE,
        env={"POSTGRES_USER": "sanlian", "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres"},
        ports={5432: port},
        command=f"postgres {flags}",
        hostname="sanlian-postgres",
    )
    return PostgresServer(_url(f"sanlian:{password}@{machine.host}:{port}"), machine).started()


def debian_postgres() -> PostgresServer:
    (port,), password = free_ports(1), secrets.token_hex(8)
    machine = PostgresProcess(port=port, password=password)
    return PostgresServer(_url(f"sanlian:{password}@127.0.0.1:{port}"), machine).started()


def _url(authority: str) -> str:
    return f"postgresql+asyncpg://{authority}/"


def programs() -> Path:
    """Return the newest directory of Debian's PostgreSQL programs, which are not on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise Trouble("Debian's postgresql is not installed")
    return Path(on_path).parent


class PostgresProcess:
    """Debian's PostgreSQL as a private process on the loopback interface."""

    def __init__(self, *, port: int, password: str) -> None:
        bin_ = programs()
        self._home = Home("postgres", account="postgres")
        data = self._home.path / "data"
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._home.path)}
        secret = self._home.write("password", password)
        # Clear-text passwords on loopback: SCRAM would cost every one of some thousand connections 10 ms.
        made = subprocess.run(
            [*self._home.prefix, f"{bin_}/initdb", "-D", f"{data}", "-U", "sanlian", f"--pwfile={secret}",
             "--auth=password", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            env=env, cwd=self._home.path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            self._home.remove()
            raise Trouble(f"initdb failed: {made.stderr}")
        settings = SETTINGS | {"port": f"{port}", "listen_addresses": "127.0.0.1"}
        settings |= {"unix_socket_directories": f"{self._home.path}"}
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = Process(self._home, [f"{bin_}/postgres", "-D", f"{data}", *flags], env=env)

    def start(self) -> None:
        self._process.start()

    def stop(self) -> None:
        self._process.end(signal.SIGINT)

    def crash(self) -> None:
        self._process.end(signal.SIGQUIT)

    def pause(self) -> None:
        signal_all(family(self._process.pid), signal.SIGSTOP)

    def resume(self) -> None:
        signal_all(family(self._process.pid), signal.SIGCONT)

    def run(self, *command: str) -> None:
        subprocess.run([*self._home.prefix, *command], check=True)

    def remove(self) -> None:
        if self._process.running:
            self.resume()
        self._process.end(signal.SIGQUIT)
        self._home.remove()

    def complaint(self) -> str:
        return self._process.complaint()
