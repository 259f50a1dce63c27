"""The whole town on each footing, as real processes, with the demo loaded; one for all tests here."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sanlian.demo.doors import until
from sanlian.demo.people import COMMUNITY
from sanlian.demo.town import Town
from sanlian.footings import State
from sanlian.keys import make_keys
from sanlian.ports import FRONT, NAMES
from tests.conftest import DISTRIBUTED, EMBEDDED
from tests.e2e.gateway import gateway
from tests.e2e.processes import Served, free_port, run
from tests.patience import PATIENCE_S


@dataclass(frozen=True, slots=True)
class Running:
    """A town at work: the environment for commands about it, and its processes by name."""

    town: Town
    given: dict[str, str]
    processes: dict[str, Served]


@pytest.fixture(scope="package", params=[EMBEDDED, DISTRIBUTED])
def footing(request: pytest.FixtureRequest) -> str:
    """The name tells `tests/conftest.py` which tests need servers."""
    return str(request.param)


@pytest.fixture(scope="package")
def running(
    footing: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(footing)
    if footing == EMBEDDED:
        with embedded(folder) as made:
            yield made
        return
    databases = request.getfixturevalue("postgres_general").for_test()
    broker = request.getfixturevalue("rabbit_general").for_test()
    urls = {name: databases.create_database(name) for name in NAMES}
    with distributed(folder, urls, broker.url) as made:
        yield made
    databases.drop_databases()
    broker.drop_vhosts()


@pytest.fixture(scope="package")
def town(running: Running) -> Town:
    return running.town


@contextmanager
def embedded(folder: Path) -> Iterator[Running]:
    """`sanlian up`, which loads the demo by itself."""
    given, port = {"SANLIAN_STATE_DIR": str(folder)}, free_port()
    base_url = f"http://127.0.0.1:{port}"
    served = Served(
        ["up", "--port", str(port)], given=given, log=folder / "up.log", probe=f"{base_url}/intake/readyz"
    )
    served.start()
    try:
        served.wait()
        until(lambda: "sanlian demo play" in served.printed, "the demo is loaded", patience_s=PATIENCE_S)
        with Town(base_url, State(folder), patience_s=PATIENCE_S) as town:
            yield Running(town, given, {"up": served})
    finally:
        served.stop()


@contextmanager
def distributed(folder: Path, databases: dict[str, str], amqp_url: str) -> Iterator[Running]:
    """Keys, migrations and topology first, then a process a service and one door in front of them."""
    given = {
        "SANLIAN_STATE_DIR": str(folder),
        "SANLIAN_AMQP_URL": amqp_url,
        "SANLIAN_COMMUNITY": COMMUNITY,
        "SANLIAN_RETRY_LADDER_S": "1,2",
        "SANLIAN_OUTBOUND_HTTP": "true",
        "SANLIAN_OUTBOUND_NETWORKS": "127.0.0.0/8",
    }
    own = {f"{name.upper()}_DATABASE_URL": url for name, url in databases.items()}
    make_keys(folder / "keys")
    with ThreadPoolExecutor() as pool:
        steps = [pool.submit(run, step, given={**given, **own}) for step in ("migrate", "topology")]
    for step in steps:
        step.result()
    ports = {name: free_port() for name in (*NAMES, FRONT)}
    processes = {name: service(name, port, folder, given, databases) for name, port in ports.items()}
    behind = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with ExitStack() as stack:
        for served in processes.values():
            stack.callback(served.stop)
            served.start()
        for served in processes.values():
            served.wait()
        base_url = stack.enter_context(gateway({name: behind[name] for name in NAMES}, behind[FRONT]))
        run("demo", "load", "--base-url", base_url, given=given)
        with Town(base_url, State(folder), patience_s=PATIENCE_S) as town:
            yield Running(town, {**given, **own}, processes)


def service(name: str, port: int, folder: Path, given: dict[str, str], databases: dict[str, str]) -> Served:
    """One service, or the front, as a process of its own."""
    own = {"SANLIAN_DATABASE_URL": databases[name]} if name in databases else {}
    probe = f"http://127.0.0.1:{port}/{'healthz' if name == FRONT else f'{name}/readyz'}"
    arguments = ["serve", name, "--port", str(port)]
    return Served(arguments, given={**given, **own}, log=folder / f"{name}.log", probe=probe)
