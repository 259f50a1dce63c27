"""Fixtures for the kernel's tests: one database, on either footing."""

from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from tests.conftest import Footing


@pytest.fixture
async def database(footing: Footing) -> AsyncIterator[Database]:
    """An empty database: the test runs on SQLite and on PostgreSQL."""
    made = Database(footing.database_url("kernel"), pool_size=5, statement_timeout_s=5, lock_timeout_s=1)
    yield made
    await made.close()
