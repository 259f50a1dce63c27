"""A handler's work is done once for an event, however often the broker delivers it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, MetaData, Table, Uuid, func
from sqlalchemy.ext.asyncio import AsyncSession

from shared import bulk
from shared.db import Database, UtcDateTime


def inbox_table(metadata: MetaData) -> Table:
    """The ids of the events whose work is done."""
    return Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("handled_at", UtcDateTime, nullable=False, server_default=func.now(), index=True),
    )


async def claim(session: AsyncSession, inbox: Table, event_ids: Sequence[UUID]) -> set[UUID]:
    """Return the ids not handled before, and mark them as handled when this transaction commits."""
    return await bulk.insert_new(session, inbox, [{"event_id": id} for id in event_ids], key="event_id")


async def prune(database: Database, inbox: Table, *, now: datetime, keep: timedelta) -> int:
    """Forget ids older than `keep` and say how many.

    `keep` must exceed the longest time after which an event may still come again: the retry ladder,
    and the age of the oldest dead letter that somebody may replay.
    """
    return await bulk.delete_where(database, inbox, inbox.c.handled_at < now - keep)
