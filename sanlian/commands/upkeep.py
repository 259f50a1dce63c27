"""Databases and queues: made ready before any traffic, and checked."""

import asyncio
from collections.abc import Sequence

import click
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from sanlian.deployed import Deployed, find, find_all
from sanlian.footings import AMQP_URL, is_distributed, required, settings_here, state
from sanlian.keys import make_keys
from sanlian.ports import NAMES
from shared import migrations
from shared.bus.link import BROKEN
from shared.bus.topology import declare_all

service_names = click.Choice(NAMES)


@click.command()
@click.argument("services", nargs=-1, type=service_names)
@click.option("--check", is_flag=True, help="Change nothing; fail where the models ask for a new migration.")
def migrate(services: Sequence[str], check: bool) -> None:
    """Bring the databases of SERVICES (of all, if none is named) to the newest version."""
    chosen = find_all(services or NAMES)
    if check:
        check_models(chosen)
        return
    if not is_distributed():
        make_keys(state().keys)
    for service in chosen:
        click.echo(f"{service.name}: {upgrade(service)}")


def check_models(services: Sequence[Deployed]) -> None:
    differing = {
        service.name: migrations.differences(service.name, service.plan.service.metadata)
        for service in services
    }
    for name, found in differing.items():
        click.echo(f"{name}: {'models and migrations agree' if not found else f'{len(found)} differences'}")
        for difference in found:
            click.echo(f"  {difference}")
    if any(differing.values()):
        raise click.ClickException("write a migration for what differs")


def upgrade(service: Deployed) -> str:
    """Migrate one database, and say how it stands."""
    settings = settings_here(service)
    try:
        asyncio.run(migrations.upgrade(service.name, service.plan.service.metadata, settings.database_url))
    except (OSError, DBAPIError, CommandError) as error:
        reason = getattr(error, "orig", None) or error
        raise click.ClickException(f"{service.name}: the database did not take it: {reason}") from error
    return "at the newest version"


@click.command()
@click.argument("service", type=service_names)
@click.argument("message")
def revise(service: str, message: str) -> None:
    """Write a migration for SERVICE; MESSAGE says what it does. Read it before you keep it."""
    found = find(service).plan.service
    if not migrations.differences(service, found.metadata):
        raise click.ClickException(f"{service}: models and migrations agree; there is nothing to write")
    migrations.revise(service, found.metadata, message)
    click.echo(f"wrote a migration to services/{service}/migrations; read it before you keep it")


@click.command()
def topology() -> None:
    """Declare the exchange, every queue and every binding, as the handlers of all services ask for them."""
    url = required(AMQP_URL)
    services = find_all()
    ladder = settings_here(services[0]).retry_ladder_s
    types = {service.name: service.plan.service.types for service in services}
    try:
        asyncio.run(declare_all(url, types, ladder))
    except BROKEN as error:
        raise click.ClickException(f"RabbitMQ did not take it: {error}") from error
    for name, bound in types.items():
        click.echo(f"{name}: bound to {len(bound)} types of events")
