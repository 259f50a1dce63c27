"""Databases that have a service's tables already: laid out once a run, and empty again for each test.

To make a database and its tables costs more than most tests do; copying a file or deleting rows does not.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import MetaData

from shared.db import Database
from tests.servers.postgres import sql

# Rows that are deleted stay in their file, which a test of many rows would leave long for all that follow.
_EMPTY = """
DO $$ BEGIN
  IF pg_relation_size('{table}') > 500000 THEN TRUNCATE {table} CASCADE; ELSE DELETE FROM {table}; END IF;
END $$"""


class Layouts:
    """What was laid out in this run: an SQLite file to copy, and a PostgreSQL database, for each service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[MetaData, Path] = {}
        self._urls: dict[MetaData, str] = {}

    async def on_sqlite(self, metadata: MetaData, to: Path) -> str:
        """Return the URL of an SQLite file at `to`, with the tables and no row."""
        if metadata not in self._files:
            made = self._folder / f"{len(self._files)}.db"
            await _lay_out(f"sqlite+aiosqlite:///{made}", metadata)
            self._files[metadata] = made
        shutil.copyfile(self._files[metadata], to)
        return f"sqlite+aiosqlite:///{to}"

    async def on_postgres(self, metadata: MetaData, make: Callable[[str], str]) -> str:
        """Return the URL of the one PostgreSQL database with these tables, without a row; `make` makes it."""
        if metadata not in self._urls:
            url = make("tables")
            await _lay_out(url, metadata)
            self._urls[metadata] = url
            return url
        sql(self._urls[metadata], _emptying(metadata))
        return self._urls[metadata]


def _emptying(metadata: MetaData) -> str:
    """All in one transaction, also what a trigger of the service's own keeps from being deleted."""
    # A test that left a transaction open shall fail the next one, not hang it.
    statements = ["SET LOCAL lock_timeout = '10s'"]
    for table in reversed(metadata.sorted_tables):
        empty = _EMPTY.format(table=f'"{table.name}"')
        if table.dispatch.after_create:
            guard = f'ALTER TABLE "{table.name}" {{}} TRIGGER USER'
            statements += [guard.format("DISABLE"), empty, guard.format("ENABLE")]
        else:
            statements.append(empty)
    return "; ".join(("BEGIN", *statements, "COMMIT"))


async def _lay_out(url: str, metadata: MetaData) -> None:
    database = Database(url)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
    finally:
        await database.close()
