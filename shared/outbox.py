"""Events wait in their owner's database until the bus has them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import cast

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Uuid, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import bulk
from shared.bus import Bus, Unavailable
from shared.db import BigId, Database, UtcDateTime, is_passing, straight
from shared.envelope import Packed
from shared.pace import Pace

log = logging.getLogger(__name__)

# The array keeps the planner on the primary key, and RETURNING makes claim and removal one statement.
_TAKE = (
    "DELETE FROM outbox WHERE position = ANY(ARRAY("
    "SELECT position FROM outbox ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED"
    ")) RETURNING position, id, type, body"
)


def outbox_table(metadata: MetaData) -> Table:
    """The events that the bus does not have yet: a published row is deleted, so the table stays small."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigId, primary_key=True, autoincrement=True),
        # Told apart by every inbox, not here: an index would cost each event more than its place in the row.
        Column("id", Uuid, nullable=False),
        Column("type", String, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("stored_at", UtcDateTime, nullable=False, server_default=func.now()),
        sqlite_autoincrement=True,
    )


async def store(session: AsyncSession, outbox: Table, messages: Sequence[Packed]) -> None:
    """Put the events beside the change that they tell of, in one statement."""
    await bulk.insert(session, outbox, [{"id": m.id, "type": m.type, "body": m.body} for m in messages])


async def look(database: Database, outbox: Table) -> None:
    """Raise where the database does not answer, or has not been migrated."""
    async with database.reading() as session:
        await session.execute(select(outbox.c.position).limit(1))


async def backlog(database: Database, outbox: Table) -> tuple[int, datetime | None]:
    """How many events wait, and since when the oldest does."""
    async with database.reading() as session:
        row = (await session.execute(select(func.count(), func.min(outbox.c.stored_at)))).one()
        return int(row[0]), cast(datetime | None, row[1])


class Relay:
    """Moves events from the outbox to the bus. Any number of relays may work on one outbox."""

    def __init__(
        self,
        database: Database,
        outbox: Table,
        bus: Bus,
        *,
        batch: int = 500,
        sweep_s: float = 1.0,
        published: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._database, self._outbox, self._bus = database, outbox, bus
        self._batch, self._sweep_s, self._published = batch, sweep_s, published
        self._woken, self._pace = asyncio.Event(), Pace()

    def wake(self) -> None:
        """Say that a commit of this process left events behind."""
        self._woken.set()

    async def run(self) -> None:
        """Relay for good: at once when woken, and every `sweep_s` for what a crash left behind."""
        pause = 0.1
        while True:
            try:
                async with self._pace.turn():
                    self._woken.clear()
                    moved = await self.once()
                    self._pace.full = moved >= self._batch
            except Exception as error:
                if not isinstance(error, Unavailable) and not is_passing(error):
                    raise
                log.warning("the outbox waits: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            pause = 0.1
            if not moved:
                await self._wait()

    async def drain(self) -> None:
        """Publish until nothing is left."""
        while await self.once():
            pass

    async def once(self) -> int:
        """Publish one batch and say how many events went. A kill at any line repeats, and never loses."""
        step: Callable[[], Awaitable[int]] = (
            self._keep_until_taken if self._database.is_sqlite else self._take
        )
        moved = await step()
        self._published(moved)
        return moved

    async def _take(self) -> int:
        async with self._database.transaction() as session:
            rows = await straight(session, _TAKE, [self._batch])
            if rows:
                await self._bus.publish([
                    Packed(id=id, type=type, body=body)
                    for _, id, type, body in sorted(rows, key=itemgetter(0))
                ])
        return len(rows)

    async def _keep_until_taken(self) -> int:
        # One connection writes, so a transaction held open while subscribers work would stop them.
        table = self._outbox
        async with self._database.reading() as session:
            rows = (await session.execute(select(table).order_by(table.c.position).limit(self._batch))).all()
        if rows:
            await self._bus.publish([Packed(id=row.id, type=row.type, body=row.body) for row in rows])
            async with self._database.transaction() as session:
                await session.execute(
                    delete(table).where(table.c.position.in_([row.position for row in rows]))
                )
        return len(rows)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._sweep_s):
                await self._woken.wait()
        except TimeoutError:
            return
