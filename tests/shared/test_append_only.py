"""A table whose rows are only ever added, on both databases."""

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from shared.append_only import append_only
from shared.db import Database
from tests.conftest import Tables

METADATA = MetaData()
DEEDS = Table(
    "deeds", METADATA, Column("id", Integer, primary_key=True), Column("who", String), Column("word", String)
)
append_only(DEEDS, but=("word",))


async def test_only_what_may_be_erased_changes_and_no_row_goes(tables: Tables) -> None:
    database = Database(await tables(METADATA))
    try:
        async with database.transaction() as session:
            await session.execute(insert(DEEDS).values(id=1, who="office", word="a name"))
        refused: tuple[Any, ...] = (
            delete(DEEDS),
            update(DEEDS).values(who="nobody"),
            update(DEEDS).values(id=2),
        )
        for statement in refused:
            with pytest.raises(DBAPIError, match="the deeds is append-only"):
                async with database.transaction() as session:
                    await session.execute(statement)
        async with database.transaction() as session:
            await session.execute(update(DEEDS).values(word=None))
        async with database.reading() as session:
            assert [tuple(row) for row in await session.execute(select(DEEDS))] == [(1, "office", None)]
    finally:
        await database.close()
