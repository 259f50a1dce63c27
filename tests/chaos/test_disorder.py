"""Events that come late, twice and in any order leave every service as it would be after an orderly day."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.clock import FakeClock
from tests.chaos.stages import Stored, store
from tests.chaos.story import Told, alike, plainly

NAME = "a1"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a performance ended: what the last reader saw, and every row in every table."""

    told: Told = field(repr=False)
    rows: dict[str, list[str]] = field(repr=False)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    # Signatures of the street are held against the clock, and are made with the real one.
    return store(tmp_path_factory.mktemp("theatre"), FakeClock(datetime.now(UTC)))


@pytest.fixture(scope="module")
def orderly(stored: Stored) -> Ending:
    return asyncio.run(performed(stored, None))


async def performed(stored: Stored, dice: Random | None) -> Ending:
    """Tell the story, deliver what is left, and then everything once more; return its end and all rows."""
    with tempfile.TemporaryDirectory() as folder:
        async with stored.open(Path(folder), dice) as theatre:
            told = await theatre.tell(NAME)
            await theatre.carrier.settle()
            if dice is not None:
                await theatre.carrier.repeat_all()
            rows = await theatre.rows()
    return Ending(told, {table: sorted(plainly(row) for row in found) for table, found in rows.items()})


@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_disorder_and_repetition_change_nothing_in_the_end(
    stored: Stored, orderly: Ending, seed: int
) -> None:
    ending = asyncio.run(performed(stored, Random(seed)))
    assert alike(ending.told, NAME) == alike(orderly.told, NAME)
    for table, found in orderly.rows.items():
        assert ending.rows[table] == found, table
