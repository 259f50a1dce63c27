"""Fixtures for the kernel's tests: one database, and one bus, on either footing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.db import Database
from tests.conftest import DISTRIBUTED, EMBEDDED, Footing
from tests.shared.bus_lab import Lab


@pytest.fixture
async def database(footing: Footing) -> AsyncIterator[Database]:
    """An empty database: the test runs on SQLite and on PostgreSQL."""
    made = Database(footing.database_url("kernel"), pool_size=5, statement_timeout_s=5, lock_timeout_s=1)
    yield made
    await made.close()


@pytest.fixture(params=[EMBEDDED, DISTRIBUTED])
async def lab(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Lab]:
    """A bus on each footing: in memory, and on RabbitMQ."""
    url = request.getfixturevalue("vhost") if request.param == DISTRIBUTED else None
    made = Lab(tmp_path, url)
    yield made
    await made.close()
