"""Grid on stage, on both databases, with a small town drawn through its doors."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.grid.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.privacy import new_key_pair
from shared.testing import Stage, staged
from tests.conftest import Tables
from tests.grid.town import Town, build_town

MORNING = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
PRIVATE_KEY, PUBLIC_KEY = new_key_pair()


@pytest.fixture
async def stage(tables: Tables) -> AsyncIterator[Stage]:
    url, clock = await tables(PLAN.service.metadata), FakeClock(MORNING)
    async with staged(
        PLAN, ROUTERS, database_url=url, clock=clock, anew=False, contact_private_key=PRIVATE_KEY
    ) as made:
        yield made


@pytest.fixture
async def embedded(embedded_tables: Tables) -> AsyncIterator[Stage]:
    """Grid on SQLite alone, for what no database can change: refusals and roles."""
    url = await embedded_tables(PLAN.service.metadata)
    async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(MORNING), anew=False) as made:
        yield made


@pytest.fixture
async def town(stage: Stage) -> Town:
    """Two grids side by side with two micro-grids each, a compound, a worker and a leader in each grid."""
    return await build_town(stage)
