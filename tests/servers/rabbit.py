"""A RabbitMQ for tests: a virtual host for each test, and a broker that can be made to fail."""

import asyncio
import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from functools import cached_property
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.servers.containers import Container
from tests.servers.machine import Home, Machine, Process, Trouble, free_ports, signal_all
from tests.servers.server import Server

IMAGE = "rabbitmq:4-management"
DEBIAN = Path("/usr/lib/rabbitmq/bin")

# The broker refuses to publish when less than this is free; a small test machine must not trip over it.
CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
default_user = sanlian
default_pass = {password}
loopback_users = none
disk_free_limit.absolute = 50MB
log.console = true
log.console.level = warning
log.file = false
"""

_numbers = count(1)


class Management:
    """The broker's HTTP door for administrators: virtual hosts come and go in milliseconds there."""

    def __init__(self, url: str, *, user: str, password: str) -> None:
        self._url, self._user = url, user
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: object = None) -> bytes:
        request = urllib.request.Request(
            f"{self._url}/api/{path}",
            method=method,
            headers=self._headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def answers(self) -> bool:
        try:
            self.call("GET", "vhosts")
        except (urllib.error.URLError, OSError):
            return False
        return True

    def create_vhost(self, name: str) -> None:
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.call("PUT", f"vhosts/{quote(name, safe='')}", {})
        self.call("PUT", f"permissions/{quote(name, safe='')}/{quote(self._user)}", everything)

    def delete_vhost(self, name: str) -> None:
        self.call("DELETE", f"vhosts/{quote(name, safe='')}")


class RabbitServer(Server):
    """One broker. Each test gets a virtual host, so that queue names never meet."""

    name = "RabbitMQ"
    patience_s = 90

    def __init__(self, authority: str, management: Management, machine: Machine | None = None) -> None:
        super().__init__(machine)
        self._authority, self._management = authority, management
        self._alarmed = self._recovers = False
        self._made: list[str] = []

    def for_test(self) -> "RabbitServer":
        """Return the same broker as one test sees it, whose virtual hosts go with the test."""
        return RabbitServer(self._authority, self._management, self._machine)

    @cached_property
    def url(self) -> str:
        """The AMQP URL of a virtual host of this object's own."""
        return self.create_vhost()

    def create_vhost(self) -> str:
        """Create an empty virtual host and return its AMQP URL."""
        name = f"test-{os.getpid()}-{next(_numbers)}"
        self._management.create_vhost(name)
        self._made.append(name)
        return f"amqp://{self._authority}/{name}"

    def drop_vhosts(self) -> None:
        """Drop what this object created, in use or not; a broker that was switched off takes its own with it.

        Queues that it has just recovered are better left alone: RabbitMQ 3.10 loses the supervisor of all
        dead lettering where several of them are deleted then, and declares no such queue from there on.
        """
        if self._made and not self._recovers and self.answers():
            for name in self._made:
                self._management.delete_vhost(name)
        self._made.clear()

    def answers(self) -> bool:
        """Whether it takes AMQP connections, and answers administrators."""
        address = urlsplit(f"amqp://{self._authority}")
        try:
            socket.create_connection((address.hostname or "", address.port or 5672), timeout=5).close()
        except OSError:
            return False
        return self._management.answers()

    async def stop(self) -> None:
        self._recovers = True
        await super().stop()

    async def crash(self) -> None:
        """End the broker without a shutdown; confirmed messages are there again after `start`."""
        self._recovers = True
        await super().crash()

    async def mend(self) -> None:
        await super().mend()
        if self._alarmed:
            await self.clear_disk_alarm()

    async def close_all_connections(self) -> None:
        """Cut every AMQP connection; the broker goes on. Takes about a second."""
        command = ("rabbitmqctl", "close_all_connections", "--global", "a test")
        await asyncio.to_thread(self._needed.run, *command)

    async def raise_disk_alarm(self) -> None:
        """Let the disk look full: publishers are blocked until `clear_disk_alarm`. Takes about a second."""
        await asyncio.to_thread(self._needed.run, "rabbitmqctl", "set_disk_free_limit", "900000GB")
        self._alarmed = True

    async def clear_disk_alarm(self) -> None:
        await asyncio.to_thread(self._needed.run, "rabbitmqctl", "set_disk_free_limit", "50MB")
        self._alarmed = False


def given_rabbit() -> RabbitServer:
    """Take the broker of TEST_AMQP_URL; its account administers it through the management plugin.

    The plugin is looked for on port 15672 of the same host, or at TEST_RABBIT_MANAGEMENT_URL.
    """
    url = os.environ.get("TEST_AMQP_URL", "")
    if not url:
        raise Trouble("TEST_AMQP_URL is not set")
    parts = urlsplit(url)
    door = os.environ.get("TEST_RABBIT_MANAGEMENT_URL", f"http://{parts.hostname}:15672").rstrip("/")
    management = Management(door, user=parts.username or "guest", password=parts.password or "guest")
    server = RabbitServer(parts.netloc, management)
    return server.found(f"TEST_AMQP_URL or its management plugin at {door}")


def container_rabbit() -> RabbitServer:
    (amqp, management), password = free_ports(2), secrets.token_hex(8)
    machine = Container(
        IMAGE,
        env={"RABBITMQ_DEFAULT_USER": "sanlian", "RABBITMQ_DEFAULT_PASS": password},
        ports={5672: amqp, 15672: management},
        hostname="sanlian-broker",
    )
    return _started(machine, machine.host, (amqp, management), password)


def debian_rabbit() -> RabbitServer:
    (amqp, management, mapper, distribution), password = free_ports(4), secrets.token_hex(8)
    home = debian_home()
    machine = RabbitProcess(
        home,
        amqp=amqp,
        distribution=distribution,
        mapper=PortMapper(home, mapper),
        configuration=CONFIGURATION.format(amqp=amqp, management=management, password=password),
    )
    return _started(machine, "127.0.0.1", (amqp, management), password)


def _started(machine: Machine, host: str, ports: tuple[int, int], password: str) -> RabbitServer:
    amqp, management = ports
    door = Management(f"http://{host}:{management}", user="sanlian", password=password)
    return RabbitServer(f"sanlian:{password}@{host}:{amqp}", door, machine).started()


def has_debian() -> bool:
    return (DEBIAN / "rabbitmq-server").exists()


def debian_home() -> Home:
    """A directory for nodes of Debian's RabbitMQ; those that share one know each other's cookie."""
    if not has_debian():
        raise Trouble("Debian's rabbitmq-server is not installed")
    return Home("rabbit", account="rabbitmq")


class PortMapper(Process):
    """Tells nodes where to find each other. One that a node started by itself would outlive it."""

    def __init__(self, home: Home, port: int) -> None:
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": f"{home.path}",
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": f"{port}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        super().__init__(home, ["epmd", "-port", f"{port}", "-address", "127.0.0.1"], env=self.env)


class RabbitProcess:
    """Debian's RabbitMQ as a private node: own name, own cookie, own port mapper, loopback only."""

    def __init__(
        self, home: Home, *, amqp: int, distribution: int, mapper: PortMapper, configuration: str
    ) -> None:
        self._home, self._mapper, base, node = home, mapper, home.path, f"sanlian-{amqp}"
        self.node = f"{node}@localhost"
        self._env = mapper.env | {
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_DIST_PORT": f"{distribution}",
            "RABBITMQ_MNESIA_BASE": f"{base}/data",
            "RABBITMQ_LOG_BASE": f"{base}/log",
            "RABBITMQ_PID_FILE": f"{base}/{node}.pid",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{base}/{node}.config",
            "RABBITMQ_CONFIG_FILE": f"{home.write(f'{node}.conf', configuration)}",
            "RABBITMQ_CONF_ENV_FILE": f"{home.write('rabbitmq-env.conf', '')}",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{home.write('advanced.config', '[].')}",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home.write('plugins', '[rabbitmq_management].')}",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            # The start script then becomes the broker itself instead of staying beside it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        self._broker = Process(home, [f"{DEBIAN}/rabbitmq-server"], env=self._env)

    def start(self) -> None:
        self._mapper.start()
        self._broker.start()

    def stop(self) -> None:
        self._broker.end(signal.SIGTERM)

    def crash(self) -> None:
        self._broker.end(signal.SIGKILL)

    def pause(self) -> None:
        signal_all([self._broker.pid], signal.SIGSTOP)

    def resume(self) -> None:
        signal_all([self._broker.pid], signal.SIGCONT)

    def run(self, *command: str) -> None:
        program, *words = command
        done = subprocess.run(
            [*self._home.prefix, f"{DEBIAN}/{program}", *words],
            env=self._env, cwd=self._home.path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Trouble(f"{program} failed: {done.stderr}")

    def remove(self) -> None:
        self._broker.end(signal.SIGKILL)
        self._mapper.end(signal.SIGTERM)
        self._home.remove()

    def complaint(self) -> str:
        return self._broker.complaint()
