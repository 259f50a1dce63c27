"""The read log: who saw whose personal data, when and why. Rows are only ever added."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, MetaData, String, Table, Uuid, insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared.auth import Caller
from shared.db import Json, UtcDateTime


def read_log_table(metadata: MetaData, *more: Column[Any]) -> Table:
    """The service's read log; `subject` is what was read (say `reporter:<id>`), `fields` its parts.

    `more` are columns that only this service needs.
    """
    table = Table(
        "read_log",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("at", UtcDateTime, nullable=False),
        Column("reader", String(200), nullable=False),
        Column("role", String(200), nullable=False),
        Column("subject", String(200), nullable=False),
        Column("fields", Json, nullable=False),
        Column("reason", String(500), nullable=False),
        *more,
    )
    Index("ix_read_log_subject_at", table.c.subject, table.c.at)
    Index("ix_read_log_reader_at", table.c.reader, table.c.at)
    return table


async def record_read(
    session: AsyncSession,
    table: Table,
    reader: Caller,
    *,
    at: datetime,
    subject: str,
    fields: Iterable[str],
    reason: str,
    **more: object,
) -> UUID:
    """Write down a reading, in the transaction that reads: no entry, no data. Returns the id of the entry.

    `more` fills the columns that the service added to its log.
    A reading without a reason raises ValueError: the law asks for a clear purpose (PIPL, article 6).
    """
    if not reason.strip():
        raise ValueError("Reading personal data needs a reason")
    entry_id = uuid7()
    entry = {
        "id": entry_id,
        "at": at,
        "reader": reader.subject,
        "role": " ".join(sorted(reader.roles)) or reader.kind.value,
        "subject": subject,
        "fields": sorted(fields),
        "reason": reason.strip()[:500],
        **more,
    }
    await session.execute(insert(table).values(entry))
    return entry_id
