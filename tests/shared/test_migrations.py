"""Migrations: written from the models, run once however many run them, whole or not at all."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Uuid, inspect, text
from sqlalchemy.exc import DBAPIError

from shared import migrations
from shared.db import Database, Json, UtcDateTime, new_metadata
from tests.conftest import Footing


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    made = tmp_path / "migrations"
    made.mkdir()
    monkeypatch.setattr(migrations, "scripts_of", lambda service: made)
    return made


def first() -> MetaData:
    metadata = new_metadata()
    Table(
        "notes",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("word", String(20), unique=True),
        Column("tags", Json, nullable=False),
        Column("at", UtcDateTime, index=True),
    )
    return metadata


def second() -> MetaData:
    metadata = first()
    metadata.tables["notes"].append_column(Column("count", Integer))
    return metadata


async def tables_of(url: str) -> dict[str, set[str]]:
    database = Database(url)
    async with database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: {
                name: {column["name"] for column in inspect(sync).get_columns(name)}
                for name in inspect(sync).get_table_names()
            }
        )
    await database.close()
    return found


def test_the_migrations_of_a_service_lie_in_its_folder() -> None:
    assert migrations.scripts_of("grid").parts[-3:] == ("services", "grid", "migrations")


def test_a_migration_written_from_the_models_leaves_no_difference(folder: Path) -> None:
    assert migrations.differences("toy", first())
    migrations.revise("toy", first(), "initial")
    assert migrations.differences("toy", first()) == []
    assert migrations.differences("toy", second())
    migrations.revise("toy", second(), "count words")
    assert migrations.differences("toy", second()) == []
    assert sorted(path.name for path in folder.glob("*.py")) == ["0001_initial.py", "0002_count_words.py"]


def test_a_migration_never_imports_our_code_as_it_is_one_day(folder: Path) -> None:
    migrations.revise("toy", first(), "initial")
    written = (folder / "0001_initial.py").read_text()
    assert "shared" not in written
    assert "sa.DateTime(timezone=True)" in written
    assert 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")' in written


async def test_several_who_migrate_at_once_do_it_once(folder: Path, footing: Footing) -> None:
    url = footing.database_url("toy")
    migrations.revise("toy", first(), "initial")
    assert not await migrations.is_current("toy", first(), url)
    await asyncio.gather(*(migrations.upgrade("toy", first(), url) for _ in range(4)))
    assert await migrations.is_current("toy", first(), url)
    assert (await tables_of(url))["notes"] == {"id", "word", "tags", "at"}


async def test_a_newer_migration_keeps_what_is_there(folder: Path, footing: Footing) -> None:
    url = footing.database_url("toy")
    migrations.revise("toy", first(), "initial")
    await migrations.upgrade("toy", first(), url)
    database = Database(url)
    async with database.transaction() as session:
        statement = text("INSERT INTO notes (id, word, tags) VALUES (:id, 'lamp', '[]')")
        await session.execute(statement, {"id": "0" * 32})
    migrations.revise("toy", second(), "count words")
    assert not await migrations.is_current("toy", second(), url)
    await migrations.upgrade("toy", second(), url)
    await migrations.upgrade("toy", second(), url)
    assert await migrations.is_current("toy", second(), url)
    async with database.reading() as session:
        assert (await session.execute(text("SELECT word, count FROM notes"))).all() == [("lamp", None)]
    await database.close()


async def test_a_migration_that_fails_halfway_leaves_nothing(folder: Path, footing: Footing) -> None:
    url = footing.database_url("toy")
    migrations.revise("toy", first(), "initial")
    path = folder / "0001_initial.py"
    whole = path.read_text()
    broken = whole.replace(
        "\n\n\ndef downgrade", '\n    op.execute("SELECT * FROM nowhere")\n\n\ndef downgrade'
    )
    path.write_text(broken)
    with pytest.raises(DBAPIError):
        await migrations.upgrade("toy", first(), url)
    assert await tables_of(url) == {}
    path.write_text(whole)
    await migrations.upgrade("toy", first(), url)
    assert await migrations.is_current("toy", first(), url)
