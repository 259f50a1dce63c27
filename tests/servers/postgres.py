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
    wait_until,
)

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


class PostgresServer:
    """One server. `url` ends in a slash, to be followed by a database's name."""

    def __init__(self, url: str, machine: Machine | None = None) -> None:
        self.url = url
        self._machine = machine
        self._paused = False
        self._made: list[str] = []

    @property
    def controlled(self) -> bool:
        return self._machine is not None

    def for_test(self) -> "PostgresServer":
        """Return the same server as one test sees it, whose databases go with the test."""
        return PostgresServer(self.url, self._machine)

    def create_database(self, name: str, *, like: str | None = None) -> str:
        """Create a database and return its URL: empty, or a copy of the one at `like`, which is not in use.

        Names never collide, neither do the databases of two runs on one server.
        """
        unique = f"test_{os.getpid()}_{next(_numbers)}_{name}"
        template = f' TEMPLATE "{_name(like)}"' if like else ""
        sql(self.url + "postgres", f'CREATE DATABASE "{unique}"{template}')
        self._made.append(unique)
        return self.url + unique

    def drop_databases(self) -> None:
        """Drop what this object created, in use or not; a server left switched off takes its own with it."""
        if self._made and self._answers():
            sql(self.url + "postgres", *(f'DROP DATABASE "{name}" WITH (FORCE)' for name in self._made))
        self._made.clear()

    def wait(self, *, seconds: float = 60) -> None:
        """Return once the server answers a query."""
        wait_until(self._answers, seconds=seconds, trouble=lambda: f"PostgreSQL: {self._needed.complaint()}")

    def remove(self) -> None:
        if self._machine is not None:
            self._machine.remove()

    async def terminate_connections(self, url: str) -> None:
        """Cut every connection to the database of `url`, as an administrator or a failover would."""
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name(url)}'"
        await asyncio.to_thread(sql, self.url + "postgres", query)

    async def stop(self) -> None:
        await asyncio.to_thread(self._needed.stop)

    async def crash(self) -> None:
        """End the server without a shutdown; what was acknowledged is there again after `start`."""
        await asyncio.to_thread(self._needed.crash)

    async def start(self) -> None:
        """Start if it does not run, and return once it answers."""
        await asyncio.to_thread(self._needed.start)
        await asyncio.to_thread(self.wait)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def pause(self) -> None:
        """Let every connection hang, and new ones too, until `resume`."""
        await asyncio.to_thread(self._needed.pause)
        self._paused = True

    async def resume(self) -> None:
        await asyncio.to_thread(self._needed.resume)
        self._paused = False

    async def mend(self) -> None:
        """Undo whatever this object did to the server."""
        if self._paused:
            await self.resume()
        await self.start()

    @property
    def _needed(self) -> Machine:
        if self._machine is None:
            raise Trouble("a server that somebody else runs is not ours to switch")
        return self._machine

    def _answers(self) -> bool:
        try:
            sql(self.url + "postgres", "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True


def _name(url: str) -> str:
    return make_url(url).database or ""


def given_postgres() -> PostgresServer:
    url = os.environ.get("TEST_DATABASE_URL", "")
    if not url:
        raise Trouble("TEST_DATABASE_URL is not set")
    parsed = make_url(url).set(drivername="postgresql+asyncpg", database="")
    server = PostgresServer(parsed.render_as_string(hide_password=False).rstrip("/") + "/")
    wait_until(server._answers, seconds=10, trouble=lambda: "TEST_DATABASE_URL does not answer")
    return server


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
    return _started(machine, f"sanlian:{password}@{machine.host}:{port}")


def debian_postgres() -> PostgresServer:
    (port,), password = free_ports(1), secrets.token_hex(8)
    return _started(PostgresProcess(port=port, password=password), f"sanlian:{password}@127.0.0.1:{port}")


def _started(machine: Machine, authority: str) -> PostgresServer:
    server = PostgresServer(f"postgresql+asyncpg://{authority}/", machine)
    try:
        machine.start()
        server.wait()
    except BaseException:
        server.remove()
        raise
    return server


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
