"""Grid on stage, on both databases, with a small town drawn through its doors."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.grid.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.privacy import new_key_pair
from shared.testing import Stage, staged
from tests.conftest import Footing
from tests.grid.town import Town, build_town

MORNING = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
PRIVATE_KEY, PUBLIC_KEY = new_key_pair()


@pytest.fixture
def database_url(footing: Footing) -> str:
    return footing.database_url("grid")


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    clock = FakeClock(MORNING)
    async with staged(
        PLAN, ROUTERS, database_url=database_url, clock=clock, contact_private_key=PRIVATE_KEY
    ) as made:
        yield made


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Stage]:
    """Grid on SQLite alone, for what no database can change: refusals and roles."""
    url = f"sqlite+aiosqlite:///{tmp_path}/alone.db"
    async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(MORNING)) as made:
        yield made


@pytest.fixture
async def town(stage: Stage) -> Town:
    """Two grids side by side with two micro-grids each, a compound, a worker and a leader in each grid."""
    return await build_town(stage)
