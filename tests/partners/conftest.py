"""The stage of partners on both databases, and the people who act on it."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.partners.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.testing import Stage, staged
from tests.partners.actors import Actors

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture(params=["sqlite", "postgres"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncGenerator[Stage]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path}/partners.db"
    else:
        make: Callable[[str], str] = request.getfixturevalue("make_database")
        url = make("partners")
    async with staged(PLAN, ROUTERS, database_url=url, clock=clock) as found:
        yield found


@pytest.fixture
async def postgres_stage(make_database: Callable[[str], str], clock: FakeClock) -> AsyncGenerator[Stage]:
    async with staged(PLAN, ROUTERS, database_url=make_database("partners"), clock=clock) as found:
        yield found


@pytest.fixture
async def sqlite_stage(tmp_path: Path, clock: FakeClock) -> AsyncGenerator[Stage]:
    url = f"sqlite+aiosqlite:///{tmp_path}/partners.db"
    async with staged(PLAN, ROUTERS, database_url=url, clock=clock) as found:
        yield found


@pytest.fixture
async def actors(stage: Stage) -> Actors:
    return Actors(stage)
