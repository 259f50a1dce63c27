"""Events that a handler could not take, kept in the service's own database.

Only the memory bus uses this: on RabbitMQ the retry ladder and the dead letters are queues.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    delete,
    select,
    update,
)

from shared import bulk
from shared.bus import DeadLetter, Letter, Unavailable
from shared.db import Database, UtcDateTime, is_passing
from shared.envelope import Packed


def letters_table(metadata: MetaData) -> Table:
    """One row an event that failed: due for another try, or dead."""
    return Table(
        "letters",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("type", String, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("due_at", UtcDateTime, nullable=False, index=True),
        Column("is_dead", Boolean, nullable=False),
        Column("reason", Text, nullable=False),
    )


class Letters:
    """The letters of one service. Raises `Unavailable` where its database is away."""

    def __init__(self, service: str, database: Database, table: Table) -> None:
        self.service, self._database, self._table = service, database, table

    async def keep(self, letters: Sequence[Letter]) -> None:
        """Store them, each in place of what was known of the same event."""
        if not letters:
            return
        rows = [
            {
                "id": letter.message.id,
                "type": letter.message.type,
                "body": letter.message.body,
                "attempt": letter.attempt,
                "due_at": letter.due_at,
                "is_dead": letter.is_dead,
                "reason": letter.reason,
            }
            for letter in letters
        ]
        async with _reached(), self._database.transaction() as session:
            await session.execute(
                delete(self._table).where(self._table.c.id.in_([row["id"] for row in rows]))
            )
            await bulk.insert(session, self._table, rows)

    async def due(self, now: datetime, *, limit: int = 100) -> list[Letter]:
        """Those whose time has come, the longest due first."""
        table = self._table
        query = (
            select(table).where(~table.c.is_dead, table.c.due_at <= now).order_by(table.c.due_at).limit(limit)
        )
        async with _reached(), self._database.reading() as session:
            return [
                Letter(Packed(id=row.id, type=row.type, body=row.body), row.attempt, row.due_at, row.reason)
                for row in await session.execute(query)
            ]

    async def forget(self, ids: Sequence[UUID]) -> int:
        """Drop letters by event id, and say how many there were."""
        async with _reached(), self._database.transaction() as session:
            done = await session.execute(delete(self._table).where(self._table.c.id.in_(ids)))
            return int(getattr(done, "rowcount", 0))

    async def dead(self, *, limit: int = 100) -> list[DeadLetter]:
        """The dead letters, the oldest first."""
        table = self._table
        query = select(table).where(table.c.is_dead).order_by(table.c.due_at).limit(limit)
        async with _reached(), self._database.reading() as session:
            return [
                DeadLetter(self.service, str(row.id), row.type, row.reason, row.due_at, row.body)
                for row in await session.execute(query)
            ]

    async def revive(self, now: datetime, ids: Sequence[UUID] | None) -> int:
        """Make dead letters (or all) due now, as if for the first time, and say how many."""
        table = self._table
        chosen = update(table).where(table.c.is_dead)
        if ids is not None:
            chosen = chosen.where(table.c.id.in_(ids))
        async with _reached(), self._database.transaction() as session:
            done = await session.execute(chosen.values(is_dead=False, attempt=1, due_at=now))
            return int(getattr(done, "rowcount", 0))


@asynccontextmanager
async def _reached() -> AsyncGenerator[None]:
    try:
        yield
    except Exception as error:
        if is_passing(error):
            raise Unavailable(str(error)) from error
        raise
