"""A probe for those who supervise containers."""

import click

from sanlian.demo.doors import Door, Unexpected
from sanlian.ports import FRONT, PORTS


@click.command()
@click.argument("service", type=click.Choice(list(PORTS)))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the service's usual port.")
def probe(service: str, host: str, port: int | None) -> None:
    """Succeed when SERVICE is ready to take requests and events."""
    path = "/healthz" if service == FRONT else f"/{service}/readyz"
    door = Door(f"http://{host}:{PORTS[service] if port is None else port}", None, patience_s=0)
    try:
        click.echo(door.get(path)["status"])
    except Unexpected as error:
        raise click.ClickException(str(error)) from error
    finally:
        door.close()
