"""The stage of partners on both databases, and the people who act on it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from services.partners.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.testing import Stage, staged
from tests.conftest import Tables
from tests.partners.actors import Actors

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def stage(tables: Tables, clock: FakeClock) -> AsyncGenerator[Stage]:
    async with on_stage(tables, clock) as found:
        yield found


@pytest.fixture
async def postgres_stage(distributed_tables: Tables, clock: FakeClock) -> AsyncGenerator[Stage]:
    async with on_stage(distributed_tables, clock) as found:
        yield found


@pytest.fixture
async def sqlite_stage(embedded_tables: Tables, clock: FakeClock) -> AsyncGenerator[Stage]:
    async with on_stage(embedded_tables, clock) as found:
        yield found


@asynccontextmanager
async def on_stage(tables: Tables, clock: FakeClock) -> AsyncGenerator[Stage]:
    url = await tables(PLAN.service.metadata)
    async with staged(PLAN, ROUTERS, database_url=url, clock=clock, anew=False) as found:
        yield found


@pytest.fixture
async def actors(stage: Stage) -> Actors:
    return Actors(stage)
