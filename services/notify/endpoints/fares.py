"""How endpoints fare, from their rows and back."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.endpoints.models import EndpointRuntime
from services.notify.models import table_of
from services.notify.rules.health import Health
from shared import bulk

RUNTIMES = table_of(EndpointRuntime)
_NAMES = ("endpoint_id", *(one.name for one in fields(Health)))
_ALL = select(*(RUNTIMES.c[name] for name in _NAMES))


async def healths(session: AsyncSession) -> dict[UUID, Health]:
    """How every endpoint fares that was ever called."""
    return {row[0]: Health(*row[1:]) for row in await session.execute(_ALL)}


async def locked_healths(session: AsyncSession, endpoint_ids: Collection[UUID]) -> dict[UUID, Health]:
    """How these fare; their rows are ours until the transaction ends.

    They are locked in the order of their ids, and before any row of `endpoints`: so nobody waits in a circle.
    """
    await bulk.insert_new(session, RUNTIMES, [{"endpoint_id": id} for id in endpoint_ids], key="endpoint_id")
    key = RUNTIMES.c.endpoint_id
    mine = _ALL.where(key.in_(sorted(endpoint_ids))).order_by(key).with_for_update()
    return {row[0]: Health(*row[1:]) for row in await session.execute(mine)}


async def store_healths(session: AsyncSession, changed: Mapping[UUID, Health]) -> None:
    """Write down how these fare."""
    rows = [{"endpoint_id": id, **asdict(health)} for id, health in changed.items()]
    await bulk.update_all(session, RUNTIMES, rows, key="endpoint_id")
