"""Intake on stage, on both databases, and the people who act in its tests."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.intake.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.privacy import new_key_pair
from shared.testing import Stage, staged
from tests.conftest import Tables
from tests.intake.people import People

MORNING = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
GRID_KEY, GRID_PUBLIC_KEY = new_key_pair()


@pytest.fixture
def grid_key() -> str:
    """The private key that only grid has."""
    return GRID_KEY


@pytest.fixture
async def footing(tables: Tables) -> str:
    """The URL of a database with intake's tables and no row, of either kind in turn."""
    return await tables(PLAN.service.metadata)


@pytest.fixture
async def stage(footing: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """It is ten in the morning in Lanzhou, on the 5th of March 2026, a Thursday."""
    async with staged(
        PLAN,
        ROUTERS,
        database_url=footing,
        clock=FakeClock(MORNING),
        anew=False,
        contact_public_key=GRID_PUBLIC_KEY,
        evidence_url=f"file:{tmp_path}/evidence",
    ) as made:
        yield made


@pytest.fixture
async def people(stage: Stage) -> AsyncIterator[People]:
    made = People(stage)
    yield made
    await made.leave()
