"""The database as services see it: one place that commits, moments with a zone, faults that pass or stay."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Uuid, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import db
from shared.db import (
    Database,
    Json,
    UtcDateTime,
    is_passing,
    is_unstorable,
    new_metadata,
    ran_too_long,
    straight,
)
from tests.servers.postgres import PostgresServer

metadata: MetaData = new_metadata()
moments = Table(
    "moments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", UtcDateTime),
    Column("note", Json),
    Column("count", Integer),
    Column("word", String, unique=True),
)


@pytest.fixture
async def tables(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database


async def count(database: Database) -> int:
    async with database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(moments)) or 0)


async def put(session: AsyncSession, **values: object) -> None:
    await session.execute(insert(moments).values(id=uuid4(), **values))


async def failure(database: Database, **values: object) -> BaseException:
    with pytest.raises((DBAPIError, OverflowError, UnicodeEncodeError)) as caught:
        async with database.transaction() as session:
            await put(session, **values)
    return caught.value


async def test_a_transaction_commits_all_of_its_block(tables: Database) -> None:
    async with tables.transaction() as session:
        await put(session, word="one")
        await put(session, word="two")
    assert await count(tables) == 2


async def test_a_transaction_that_fails_at_its_end_leaves_nothing(tables: Database) -> None:
    with pytest.raises(LookupError):
        await put_one_and_fail(tables)
    assert await count(tables) == 0


async def put_one_and_fail(database: Database) -> None:
    async with database.transaction() as session:
        await put(session)
        raise LookupError


async def test_a_cancelled_transaction_leaves_nothing_and_gives_its_connection_back(tables: Database) -> None:
    begun = asyncio.Event()

    async def linger() -> None:
        async with tables.transaction() as session:
            await put(session)
            begun.set()
            await asyncio.Event().wait()

    for _ in range(8):
        task = asyncio.create_task(linger())
        await begun.wait()
        begun.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await count(tables) == 0


async def test_what_a_reader_changes_by_mistake_is_rolled_back(tables: Database) -> None:
    async with tables.reading() as session:
        await put(session)
    assert await count(tables) == 0


async def test_a_moment_comes_back_as_the_same_moment_in_utc(tables: Database) -> None:
    at = datetime(2026, 3, 5, 16, 30, tzinfo=timezone(timedelta(hours=8)))
    async with tables.transaction() as session:
        await put(session, at=at)
        await put(session, at=None)
    async with tables.reading() as session:
        found = set(await session.scalars(select(moments.c.at)))
    assert found == {at, None}
    assert {moment.tzinfo for moment in found if moment is not None} == {UTC}


async def test_a_moment_without_a_zone_is_refused(tables: Database) -> None:
    with pytest.raises(Exception, match="a naive datetime names no moment"):
        async with tables.transaction() as session:
            await put(session, at=datetime(2026, 3, 5))  # noqa: DTZ001  # The point of the test.


async def test_a_document_comes_back_as_it_was(tables: Database) -> None:
    note = {"tags": ["灯", "路"], "nested": {"n": 1, "none": None}}
    async with tables.transaction() as session:
        await put(session, note=note)
    async with tables.reading() as session:
        assert await session.scalar(select(moments.c.note)) == note


async def test_a_ping_answers_where_the_database_does(tables: Database) -> None:
    await tables.ping()


async def test_a_broken_rule_of_the_database_does_not_pass_by_itself(tables: Database) -> None:
    async with tables.transaction() as session:
        await put(session, word="one")
    found = await failure(tables, word="one")
    assert isinstance(found, IntegrityError)
    assert not is_passing(found)
    assert not is_unstorable(found)


async def test_a_statement_that_is_wrong_does_not_pass_by_itself(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as session:
            await session.execute(text("SELECT * FROM nowhere"))
    assert not is_passing(caught.value)


async def test_a_number_out_of_all_bounds_is_unstorable_and_does_not_pass(tables: Database) -> None:
    found = await failure(tables, count=2**80)
    assert is_unstorable(found)
    assert not is_passing(found)


async def test_a_text_that_is_no_unicode_is_unstorable(tables: Database) -> None:
    assert is_unstorable(await failure(tables, word="\ud800"))


async def test_who_waits_for_a_lock_in_vain_may_come_again(make_database: Callable[[str], str]) -> None:
    database = Database(make_database("kernel"), lock_timeout_s=0.1)
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE held (id int)"))
    async with database.transaction() as holder, database.transaction() as waiter:
        await holder.execute(text("LOCK TABLE held"))
        with pytest.raises(DBAPIError) as caught:
            await waiter.execute(text("LOCK TABLE held"))
    assert is_passing(caught.value)
    assert not ran_too_long(caught.value)
    await database.close()


def test_a_file_that_another_process_writes_is_free_again_later(tmp_path: Path) -> None:
    holder, waiter = (
        sqlite3.connect(tmp_path / "kernel.db", isolation_level=None, timeout=0) for _ in range(2)
    )
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as caught:
        waiter.execute("BEGIN IMMEDIATE")
    assert is_passing(OperationalError("BEGIN IMMEDIATE", None, caught.value))
    holder.close()
    waiter.close()


async def test_a_file_that_is_missing_is_no_database_that_is_away() -> None:
    assert not is_passing(FileNotFoundError("rules.yaml"))
    assert is_passing(ConnectionRefusedError())
    assert is_passing(TimeoutError())
    assert not is_passing(ValueError())


async def test_one_connection_writes_on_sqlite_while_others_read(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/kernel.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    async with database.transaction() as session:
        await put(session)
        assert await count(database) == 0
    assert await count(database) == 1
    await database.close()


async def test_a_statement_that_takes_too_long_is_ended(postgres_server: PostgresServer) -> None:
    database = Database(postgres_server.create_database("kernel"), statement_timeout_s=0.2)
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as session:
            await session.execute(text("SELECT pg_sleep(30)"))
    assert ran_too_long(caught.value)
    assert is_passing(caught.value)
    await database.close()


async def work_through(database: Database, happens: Callable[[], Awaitable[None]]) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        await happens()
        await session.execute(text("SELECT 1"))


async def work_straight_through(database: Database, happens: Callable[[], Awaitable[None]]) -> None:
    async with database.transaction() as session:
        assert await straight(session, "SELECT $1::int", [1]) == [(1,)]
        await happens()
        await straight(session, "SELECT $1::int", [2])


@pytest.mark.parametrize("work", [work_through, work_straight_through])
@pytest.mark.parametrize("fault", ["crash", "stop", "cut"])
async def test_work_goes_on_after_the_server_comes_back(
    postgres_server: PostgresServer,
    fault: str,
    work: Callable[[Database, Callable[[], Awaitable[None]]], Awaitable[None]],
) -> None:
    url = postgres_server.create_database("kernel")
    database = Database(url)
    await database.ping()
    cut = partial(postgres_server.terminate_connections, url)
    happens = cut if fault == "cut" else getattr(postgres_server, fault)
    with pytest.raises((DBAPIError, OSError)) as caught:
        await work(database, happens)
    assert is_passing(caught.value)
    if fault != "cut":
        with pytest.raises((DBAPIError, OSError)) as refused:
            await database.ping()
        assert is_passing(refused.value)
        await postgres_server.start()
    await database.ping()
    await database.close()


async def test_a_server_that_hangs_does_not_hang_its_service(postgres_server: PostgresServer) -> None:
    database = Database(postgres_server.create_database("kernel"), statement_timeout_s=0.1)
    with pytest.raises((DBAPIError, OSError)) as caught:
        await work_through(database, postgres_server.pause)
    assert is_passing(caught.value)
    await postgres_server.resume()
    await database.ping()
    await database.close()


async def test_a_connection_that_died_while_it_lay_idle_is_not_used(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "PING_AFTER_S", 0.0)
    url = postgres_server.create_database("kernel")
    database = Database(url)
    await database.ping()
    await postgres_server.terminate_connections(url)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await database.close()


@pytest.mark.parametrize("statements", [1, 2])
async def test_what_goes_straight_to_the_driver_fails_with_the_same_errors(
    make_database: Callable[[str], str], statements: int
) -> None:
    database = Database(make_database("kernel"))

    async def run(statement: str) -> None:
        async with database.transaction() as session:
            await straight(session, "CREATE TABLE words (word text UNIQUE)", [])
            for _ in range(statements - 1):
                await straight(session, "INSERT INTO words VALUES ($1)", ["灯"])
            await straight(session, statement, ["灯"])

    async def fail(statement: str) -> BaseException:
        with pytest.raises(DBAPIError) as caught:
            await run(statement)
        return caught.value

    twice = "INSERT INTO words SELECT $1::text FROM generate_series(1, 2)"
    assert isinstance(await fail(twice), IntegrityError)
    assert is_unstorable(await fail("SELECT CAST($1 AS int) + 1 / 0 WHERE $1 <> ''"))
    await database.close()
