"""The product as it is deployed: one process a service, on the run's own PostgreSQL and RabbitMQ."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.harness import COMMUNITY, Ground
from sanlian.demo.doors import Door
from tests.e2e.processes import Served, free_port, run

SERVICES = ("intake", "grid", "partners", "notify")


@dataclass(frozen=True, slots=True)
class Stack:
    """Running services by name: their base URLs, and the environment in which the command finds them."""

    urls: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def state_dir(self) -> Path:
        """Where keys and secrets lie."""
        return Path(self.environment["SANLIAN_STATE_DIR"])

    def token(self, role: str, subject: str, area: str = COMMUNITY) -> str:
        """A token of the local sign-in."""
        words = ("token", "--role", role, "--area", area, "--subject", subject)
        return run(*words, given=self.environment).strip()

    def door(self, service: str, credentials: str) -> Door:
        """A client of one service."""
        return Door(self.urls[service], credentials)


@contextmanager
def stack(
    servers: Ground, names: Sequence[str] = SERVICES, *, workers: Mapping[str, int] | None = None
) -> Generator[Stack]:
    """Make keys, databases and queues, start the services, and stop them whatever happens."""
    with TemporaryDirectory() as folder:
        environment = {
            "SANLIAN_STATE_DIR": folder,
            "SANLIAN_COMMUNITY": COMMUNITY,
            "SANLIAN_AMQP_URL": servers.amqp_url,
            "SANLIAN_OUTBOUND_HTTP": "true",
            "SANLIAN_OUTBOUND_NETWORKS": "127.0.0.0/8",
            "SANLIAN_LOG_LEVEL": "WARNING",
            **{f"{name.upper()}_DATABASE_URL": servers.database(name) for name in SERVICES},
        }
        for words in (("keys",), ("migrate",), ("topology",)):
            run(*words, given=environment)
        ports = {name: free_port() for name in names}
        processes = [
            Served(
                ("serve", name, "--port", str(port), "--workers", str((workers or {}).get(name, 1))),
                given=environment,
                log=Path(folder, f"{name}.log"),
                probe=f"http://127.0.0.1:{port}/{name}/readyz",
            )
            for name, port in ports.items()
        ]
        for process in processes:
            process.start()
        try:
            for process in processes:
                process.wait()
            yield Stack({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}, environment)
        finally:
            for process in processes:
                process.stop()
