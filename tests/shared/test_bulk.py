"""Many rows in one statement, alike on both databases."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError

from shared import bulk
from shared.db import Database, Json, UtcDateTime, new_metadata

metadata: MetaData = new_metadata()
things = Table(
    "things",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("name", String),
    Column("at", UtcDateTime),
    Column("note", Json),
    Column("blob", LargeBinary),
    Column("is_red", Boolean),
    Column("score", Float),
    Column("parent_id", Uuid),
)
FULL: dict[str, object] = {
    "version": 3,
    "name": "王家巷 'quoted' \\ {braced}",
    "at": datetime(2026, 3, 5, 8, 30, 0, 123456, tzinfo=UTC),
    "note": {"tags": ["灯", "a,b", '"'], "n": None, "deep": [{"x": 1.5}]},
    "blob": b"\x00\xff,{}",
    "is_red": True,
    "score": 0.1,
    "parent_id": UUID(int=7),
}
EMPTY: dict[str, object] = dict.fromkeys(("name", "at", "blob", "is_red", "score", "parent_id")) | {
    "version": 1,
    "note": [],
}


@pytest.fixture
async def tables(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database


async def stored(database: Database) -> dict[UUID, dict[str, object]]:
    async with database.reading() as session:
        rows = (await session.execute(select(things))).mappings()
        return {row["id"]: {name: row[name] for name in row if name != "id"} for row in rows}


async def test_every_kind_of_column_comes_back_as_it_was(tables: Database) -> None:
    full, empty = uuid4(), uuid4()
    async with tables.transaction() as session:
        await bulk.insert(session, things, [{"id": full, **FULL}, {"id": empty, **EMPTY}])
    assert await stored(tables) == {full: FULL, empty: EMPTY}


async def test_a_column_left_out_takes_the_default_of_the_database(tables: Database) -> None:
    id = uuid4()
    async with tables.transaction() as session:
        await bulk.insert(session, things, [{"id": id, "name": "a"}])
    assert (await stored(tables))[id]["version"] == 1


async def test_nothing_to_do_is_done(tables: Database) -> None:
    async with tables.transaction() as session:
        await bulk.insert(session, things, [])
        assert await bulk.insert_new(session, things, [], key="id") == set()
        assert await bulk.upsert_newer(session, things, [], key="id") == set()
        assert await bulk.update_all(session, things, [], key="id") == 0
    assert await stored(tables) == {}


async def test_many_rows_go_in_one_call(tables: Database) -> None:
    rows = [{"id": uuid4(), "version": n, "name": str(n)} for n in range(2_000)]
    async with tables.transaction() as session:
        await bulk.insert(session, things, rows)
    async with tables.reading() as session:
        assert await session.scalar(select(func.count()).select_from(things)) == 2_000


async def test_inserting_a_key_twice_is_refused(tables: Database) -> None:
    id = uuid4()
    with pytest.raises(IntegrityError):
        await insert_twice(tables, id)
    assert await stored(tables) == {}


async def insert_twice(database: Database, id: UUID) -> None:
    async with database.transaction() as session:
        await bulk.insert(session, things, [{"id": id, "name": "a"}, {"id": id, "name": "b"}])


async def test_only_new_rows_are_inserted_and_named(tables: Database) -> None:
    known, new = uuid4(), uuid4()
    async with tables.transaction() as session:
        assert await bulk.insert_new(session, things, [{"id": known, "name": "old"}], key="id") == {known}
        rows = [{"id": known, "name": "x"}, {"id": new, "name": "first"}, {"id": new, "name": "second"}]
        assert await bulk.insert_new(session, things, rows, key="id") == {new}
    assert {id: row["name"] for id, row in (await stored(tables)).items()} == {known: "old", new: "first"}


async def test_a_newer_version_replaces_and_an_older_or_equal_one_does_not(tables: Database) -> None:
    older, equal, newer, fresh = uuid4(), uuid4(), uuid4(), uuid4()
    async with tables.transaction() as session:
        await bulk.insert(session, things, [{"id": id, **FULL} for id in (older, equal, newer)])
        given_versions = {older: 2, equal: 3, newer: 4, fresh: 1}
        rows = [{"id": id, **EMPTY, "version": version} for id, version in given_versions.items()]
        assert await bulk.upsert_newer(session, things, rows, key="id") == {newer, fresh}
    found = await stored(tables)
    assert found[older] == found[equal] == FULL
    assert found[newer] == {**EMPTY, "version": 4}
    assert found[fresh] == EMPTY


async def test_of_several_versions_in_one_batch_the_highest_counts(tables: Database) -> None:
    id = uuid4()
    rows = [{"id": id, "version": version, "name": f"v{version}"} for version in (2, 9, 10, 3)]
    async with tables.transaction() as session:
        assert await bulk.upsert_newer(session, things, rows, key="id") == {id}
    assert (await stored(tables))[id]["name"] == "v10"


async def test_rows_found_by_their_key_are_changed_and_counted(tables: Database) -> None:
    first, second, absent = uuid4(), uuid4(), uuid4()
    async with tables.transaction() as session:
        await bulk.insert(session, things, [{"id": first, **EMPTY}, {"id": second, **EMPTY}])
        rows = [{"id": id, "version": 5, "note": {"n": n}} for n, id in enumerate((first, second, absent))]
        assert await bulk.update_all(session, things, rows, key="id") == 2
    assert await stored(tables) == {
        first: {**EMPTY, "version": 5, "note": {"n": 0}},
        second: {**EMPTY, "version": 5, "note": {"n": 1}},
    }


async def test_what_has_gathered_is_deleted_slice_by_slice(tables: Database) -> None:
    async with tables.transaction() as session:
        await bulk.insert(session, things, [{"id": uuid4(), "version": n} for n in range(25)])
    assert await bulk.delete_where(tables, things, things.c.version < 20, slice_of=6) == 20
    assert len(await stored(tables)) == 5
    assert await bulk.delete_where(tables, things, things.c.version < 20) == 0


IDS = [UUID(int=n) for n in range(3)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from(IDS), st.integers(1, 5)), min_size=1, max_size=6), max_size=5
    )
)
async def test_any_order_and_repetition_of_versions_ends_in_the_newest(
    tables: Database, batches: list[list[tuple[UUID, int]]]
) -> None:
    async with tables.transaction() as session:
        await session.execute(things.delete())
    newest: dict[UUID, int] = {}
    for batch in batches:
        rows = [{"id": id, "version": version, "name": f"v{version}"} for id, version in batch]
        async with tables.transaction() as session:
            changed = await bulk.upsert_newer(session, things, rows, key="id")
        highest = {id: max(version for one, version in batch if one == id) for id, _ in batch}
        assert changed == {id for id, version in highest.items() if version > newest.get(id, 0)}
        newest.update({id: highest[id] for id in changed})
    found = await stored(tables)
    assert {id: (row["version"], row["name"]) for id, row in found.items()} == {
        id: (version, f"v{version}") for id, version in newest.items()
    }


async def test_rows_are_fetched_by_their_keys_in_order_whatever_their_number(tables: Database) -> None:
    ids = [UUID(int=number) for number in (3, 1, 2)]
    async with tables.transaction() as session:
        await bulk.insert(session, things, [{"id": id, **FULL} for id in ids])
    names = ("id", "note", "at", "blob")
    async with tables.transaction() as session:
        found = await bulk.fetch(session, things, names, [*ids, UUID(int=9)], key="id", lock=True)
        assert await bulk.fetch(session, things, names, (), key="id") == []
        again = await bulk.fetch(session, things, ("id",), ids[:1], key="id")
    assert [row["id"] for row in found] == sorted(ids)
    assert all(row == {"id": row["id"]} | {name: FULL[name] for name in names[1:]} for row in found)
    assert again == [{"id": ids[0]}]
