"""Rows that are entered once, however many callers enter them at the same time."""

from collections.abc import Mapping
from typing import TypeVar, cast

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from services.grid.models import Base
from shared import bulk

R = TypeVar("R", bound=Base)


def table_of(kind: type[Base]) -> Table:
    """The plain table beneath a mapped one, for statements that pass the ORM by."""
    return cast(Table, kind.__table__)


async def enter(
    session: AsyncSession, kind: type[R], key: str | tuple[str, ...], values: Mapping[str, object]
) -> tuple[R, bool]:
    """The row with this primary key, locked; made of `values` where there was none, and then True."""
    row = await session.get(kind, key, with_for_update=True)
    if row is not None:
        return row, False
    table = table_of(kind)
    new = await bulk.insert_new(session, table, [values], key=next(iter(table.primary_key)).name)
    return await session.get_one(kind, key, with_for_update=True), bool(new)
