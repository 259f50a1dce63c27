"""Many rows in one statement: what the hot paths use in place of the ORM.

PostgreSQL takes a column as one array (`unnest`), so that the statement's text, and with it its plan,
stays the same for any number of rows; the statement goes straight to the driver, which costs a third of
the way through SQLAlchemy. SQLite takes the rows one after another inside its driver.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Dialect, Table, delete, select, tuple_, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Database, straight

Row = Mapping[str, object]
Bind = Callable[[Any], Any]

_ASYNCPG: Dialect = PGDialect_asyncpg(json_serializer=lambda value: orjson.dumps(value).decode())  # type: ignore[no-untyped-call]


async def insert(session: AsyncSession, table: Table, rows: Sequence[Row]) -> None:
    """Insert all rows. Every row names the same columns; a column left out takes the database's default."""
    if not rows:
        return
    if _is_sqlite(session):
        await session.execute(sqlite.insert(table), list(rows))
    else:
        await _insert(session, table, rows, tail="")


async def insert_returning(
    session: AsyncSession, table: Table, rows: Sequence[Row], *, column: str
) -> list[Any]:
    """Insert all rows, as `insert` does, and return what the column became in each, in no order."""
    if not rows:
        return []
    if _is_sqlite(session):
        statement = sqlite.insert(table).returning(table.c[column])
        return list((await session.scalars(statement, list(rows))).all())
    return await _insert(session, table, rows, tail=f" RETURNING {column}")


async def insert_new(session: AsyncSession, table: Table, rows: Sequence[Row], *, key: str) -> set[Any]:
    """Insert the rows whose `key` (unique) is not there yet, and return the keys that were inserted.

    Rows are stored in the order of their keys, so that two callers with common keys cannot deadlock.
    """
    ordered = _in_order({row[key]: row for row in reversed(rows)})
    if not ordered:
        return set()
    column = table.c[key]
    if _is_sqlite(session):
        statement = sqlite.insert(table).on_conflict_do_nothing().returning(column)
        return set((await session.scalars(statement, ordered)).all())
    tail = f" ON CONFLICT DO NOTHING RETURNING {column.name}"
    return set(await _insert(session, table, ordered, tail=tail))


async def upsert_newer(session: AsyncSession, table: Table, rows: Sequence[Row], *, key: str) -> set[Any]:
    """Keep the newest of each: insert, or replace where the stored `version` is lower.

    Returns the keys whose row is now the one given; those left out had this version or a newer one.
    Of several rows with one key the one with the highest version counts.
    """
    newest: dict[object, Row] = {}
    for row in rows:
        known = newest.get(row[key])
        if known is None or int(str(known["version"])) < int(str(row["version"])):
            newest[row[key]] = row
    ordered = _in_order(newest)
    if not ordered:
        return set()
    column = table.c[key]
    if _is_sqlite(session):
        put = sqlite.insert(table)
        changes = {name: put.excluded[name] for name in ordered[0] if name != key}
        statement = put.on_conflict_do_update(
            index_elements=[column], set_=changes, where=table.c.version < put.excluded.version
        ).returning(column)
        return set((await session.scalars(statement, ordered)).all())
    changed = ", ".join(f"{name} = excluded.{name}" for name in ordered[0] if name != key)
    tail = (
        f" ON CONFLICT ({column.name}) DO UPDATE SET {changed}"
        f" WHERE {table.name}.version < excluded.version RETURNING {column.name}"
    )
    return set(await _insert(session, table, ordered, tail=tail))


async def update_all(session: AsyncSession, table: Table, rows: Sequence[Row], *, key: str) -> int:
    """Set the other columns of the rows found by `key`, and return how many rows there were."""
    if not rows:
        return 0
    names = tuple(rows[0])
    if _is_sqlite(session):
        found = 0
        for row in rows:
            change = {name: row[name] for name in names if name != key}
            done = await session.execute(update(table).where(table.c[key] == row[key]).values(change))
            found += int(getattr(done, "rowcount", 0))
        return found
    changed = ", ".join(f"{name} = new.{name}" for name in names if name != key)
    # Names of our own tables and columns; values go in as parameters.
    head = f"UPDATE {table.name} SET {changed} FROM"  # noqa: S608
    tail = f" AS new({', '.join(names)}) WHERE {table.name}.{key} = new.{key} RETURNING 1"
    return len(await _unnest(session, table, names, rows, head=head, tail=tail))


async def fetch(
    session: AsyncSession,
    table: Table,
    names: tuple[str, ...],
    values: Collection[object],
    *,
    key: str,
    lock: bool = False,
) -> list[dict[str, Any]]:
    """The named columns of the rows whose `key` is among the values, in the order of the keys.

    With `lock` the rows stay ours until the transaction ends. The values are one parameter on PostgreSQL:
    a list in the statement would make it another one, to be planned anew, for each number of values.
    """
    ordered = sorted(values, key=_rank)
    if not ordered:
        return []
    if _is_sqlite(session):
        column = table.c[key]
        query = select(*(table.c[name] for name in names)).where(column.in_(ordered)).order_by(column)
        return [dict(row) for row in (await session.execute(query)).mappings()]
    statement, results = _select(table, names, key, lock)
    found = await straight(session, statement, [ordered])
    return [
        {
            name: value if result is None else result(value)
            for name, result, value in zip(names, results, record, strict=True)
        }
        for record in found
    ]


async def delete_all(session: AsyncSession, table: Table, values: Sequence[object], *, key: str) -> None:
    """Delete the rows whose `key` is among the values."""
    if _is_sqlite(session):
        await session.execute(delete(table).where(table.c[key].in_(values)))
    else:
        # Names of our own tables and columns; values go in as parameters.
        array = f"$1::{_sql_type(table.c[key])}[]"
        await straight(session, f"DELETE FROM {table.name} WHERE {key} = ANY({array})", [values])  # noqa: S608


async def delete_where(
    database: Database, table: Table, condition: ColumnElement[bool], *, slice_of: int = 5_000
) -> int:
    """Delete the rows that fulfil the condition and say how many, in transactions of `slice_of` rows each.

    So no statement runs into its timeout however much has gathered, and replicas may do it side by side.
    """
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(condition).limit(slice_of)
    chosen = some.with_for_update(skip_locked=True)
    deleted = 0
    while True:
        async with database.transaction() as session:
            done = await session.execute(delete(table).where(key.in_(chosen)))
        count = int(getattr(done, "rowcount", 0))
        deleted += count
        if count < slice_of:
            return deleted


async def _insert(session: AsyncSession, table: Table, rows: Sequence[Row], *, tail: str) -> list[Any]:
    names = tuple(rows[0])
    head = f"INSERT INTO {table.name} ({', '.join(names)}) SELECT * FROM"
    return await _unnest(session, table, names, rows, head=head, tail=tail)


async def _unnest(
    session: AsyncSession,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[Row],
    *,
    head: str,
    tail: str,
) -> list[Any]:
    source, binds = _source(table, names)
    arrays = [
        [row[name] for row in rows] if bind is None else [bind(row[name]) for row in rows]
        for name, bind in zip(names, binds, strict=True)
    ]
    return [found[0] for found in await straight(session, f"{head} {source}{tail}", arrays)]


@lru_cache(maxsize=256)
def _source(table: Table, names: tuple[str, ...]) -> tuple[str, tuple[Bind | None, ...]]:
    columns = [table.c[name] for name in names]
    arrays = ", ".join(f"${at}::{_sql_type(column)}[]" for at, column in enumerate(columns, 1))
    return f"unnest({arrays})", tuple(_bind(column) for column in columns)


@lru_cache(maxsize=256)
def _select(
    table: Table, names: tuple[str, ...], key: str, lock: bool
) -> tuple[str, tuple[Bind | None, ...]]:
    types = [table.c[name].type.dialect_impl(_ASYNCPG) for name in names]
    # Names of our own tables and columns; values go in as parameters.
    statement = (
        f"SELECT {', '.join(names)} FROM {table.name}"  # noqa: S608
        f" WHERE {key} = ANY($1::{_sql_type(table.c[key])}[]) ORDER BY {key}{' FOR UPDATE' if lock else ''}"
    )
    return statement, tuple(type.result_processor(_ASYNCPG, None) for type in types)


def _in_order(rows: Mapping[Any, Row]) -> list[Row]:
    """The rows in the order of their keys, which the database need not share: it must only be one for all."""
    return [rows[key] for key in sorted(rows, key=_rank)]


def _rank(key: Any) -> Any:
    # A UUID compares in Python, its number in C.
    return key.int if isinstance(key, UUID) else key


def _sql_type(column: Column[Any]) -> str:
    return column.type.compile(dialect=_ASYNCPG)


def _bind(column: Column[Any]) -> Bind | None:
    return column.type.dialect_impl(_ASYNCPG).bind_processor(_ASYNCPG)


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"
