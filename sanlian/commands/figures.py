"""The figures of the community, counted anew where somebody doubts them."""

import asyncio

import click
from sqlalchemy.exc import DBAPIError

from sanlian.deployed import find
from sanlian.footings import settings_here
from services.intake.kpis.folding import count_all
from shared.bus.memory import MemoryBus
from shared.clock import SystemClock
from shared.runtime import Runtime


@click.command()
def recount() -> None:
    """Count every issue anew beside the running service, and put right what stood wrong."""
    try:
        issues, corrected = asyncio.run(_recount())
    except (OSError, DBAPIError) as error:
        raise click.ClickException(
            f"intake: its database does not answer: {getattr(error, 'orig', None) or error}"
        ) from error
    click.echo(f"{issues} issues counted, {corrected} stood otherwise")


async def _recount() -> tuple[int, int]:
    service = find("intake")
    # Nothing is published: counting leaves no event behind.
    runtime = Runtime(service.plan, settings_here(service), bus=MemoryBus(SystemClock()))
    try:
        return await count_all(runtime.host)
    finally:
        await runtime.close()
