"""Serving: everything from one process, or one service among many."""

import importlib
import threading
from functools import partial

import click

from sanlian import serving
from sanlian.commands.upkeep import upgrade
from sanlian.deployed import find_all
from sanlian.embedded import embedded
from sanlian.footings import State, is_distributed, state
from sanlian.keys import make_keys
from sanlian.ports import PORTS
from shared.settings import BadSettings
from shared.telemetry import configure_logging

USUAL = ", ".join(f"{name} {port}" for name, port in PORTS.items())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--demo/--no-demo", "with_demo", default=True, help="Load the demo where it is not there yet.")
def up(host: str, port: int, with_demo: bool) -> None:
    """Serve everything from one process, on SQLite files in SANLIAN_STATE_DIR (else var)."""
    if is_distributed():
        raise BadSettings(
            "SANLIAN_AMQP_URL is set: behind a broker each service is served by itself (sanlian serve)"
        )
    here = state()
    configure_logging("sanlian", "WARNING")
    with serving.hold(here.folder), serving.bind(host, port) as taken:
        make_keys(here.keys)
        services = find_all()
        for service in services:
            upgrade(service)
        base_url = f"http://{host}:{taken.getsockname()[1]}"
        here.note_base_url(base_url)
        # The demo goes through the doors that are only open once the server runs.
        welcome = partial(_welcome, here, base_url, with_demo)
        greeter = threading.Thread(target=welcome, name="welcome", daemon=True)
        app = embedded(services, public_url=base_url)
        serving.collect_seldom()
        if not serving.serve(app, taken, started=greeter.start):
            raise click.ClickException("the services did not start; the lines above say why")


def _welcome(here: State, base_url: str, with_demo: bool) -> None:
    click.echo(f"Sanlian 三联 answers on {base_url}")
    if with_demo:
        # The demo's own tools are imported only now, when the server answers already.
        importlib.import_module("sanlian.demo.welcome").welcome(here, base_url)


@click.command()
@click.argument("service", type=click.Choice(list(PORTS)))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help=f"Default: {USUAL}.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(service: str, host: str, port: int | None, workers: int) -> None:
    """Serve one SERVICE on its own database and RabbitMQ; or `front`, the page at /."""
    port = PORTS[service] if port is None else port
    if workers > 1:
        serving.serve_in_workers(service, host, port, workers)
        return
    with serving.bind(host, port) as taken:
        if not serving.serve_one(service, taken):
            raise click.ClickException(f"{service} did not start; the lines above say why")
