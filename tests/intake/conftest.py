"""Intake on stage, on both databases, and the people who act in its tests."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.intake.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.privacy import new_key_pair
from shared.testing import Stage, staged
from tests.conftest import Footing
from tests.intake.people import People

MORNING = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
GRID_KEY, GRID_PUBLIC_KEY = new_key_pair()


@pytest.fixture
def grid_key() -> str:
    """The private key that only grid has."""
    return GRID_KEY


@pytest.fixture
async def stage(footing: Footing) -> AsyncIterator[Stage]:
    """It is ten in the morning in Lanzhou, on the 5th of March 2026, a Thursday."""
    async with staged(
        PLAN,
        ROUTERS,
        database_url=footing.database_url("intake"),
        clock=FakeClock(MORNING),
        contact_public_key=GRID_PUBLIC_KEY,
    ) as made:
        yield made


@pytest.fixture
async def people(stage: Stage) -> AsyncIterator[People]:
    made = People(stage)
    yield made
    await made.leave()
