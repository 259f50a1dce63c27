"""Events that come late, twice and in any order leave every service as it would be after an orderly day."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.clock import FakeClock
from tests.chaos.deposit import tell_deposit, tell_refusal
from tests.chaos.farewell import REACHES, look_back, tell_farewell
from tests.chaos.stages import Stored, Teller, store
from tests.chaos.story import SETS, Told, alike, plainly, tell
from tests.chaos.turns import tell_turns

NAME = "a1"


class Ending:
    """How a performance ended: what the last reader saw, and every row in every table.

    No dataclass: Hypothesis would write all of it into its reports.
    """

    def __init__(self, told: Told, rows: dict[str, list[str]]) -> None:
        self.told, self.rows = told, rows


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    # Signatures of the street are held against the clock, and are made with the real one.
    return store(tmp_path_factory.mktemp("theatre"), FakeClock(datetime.now(UTC)))


@pytest.fixture(scope="module", params=[tell, tell_turns, tell_deposit, tell_refusal])
def teller(request: pytest.FixtureRequest) -> Teller:
    return cast(Teller, request.param)


@pytest.fixture(scope="module")
def orderly(stored: Stored, teller: Teller) -> Ending:
    return asyncio.run(performed(stored, teller, None))


async def performed(stored: Stored, teller: Teller, dice: Random | None) -> Ending:
    """Tell the story, deliver what is left, and then everything once more; return its end and all rows."""
    with tempfile.TemporaryDirectory() as folder:
        async with stored.open(Path(folder), dice) as theatre:
            told = await theatre.tell(NAME, teller)
            await theatre.carrier.settle()
            if dice is not None:
                await theatre.carrier.repeat_all()
            rows = await theatre.rows()
    return Ending(told, {table: sorted(plainly(row) for row in found) for table, found in rows.items()})


@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_disorder_and_repetition_change_nothing_in_the_end(
    stored: Stored, teller: Teller, orderly: Ending, seed: int
) -> None:
    ending = asyncio.run(performed(stored, teller, Random(seed)))
    assert alike(ending.told, NAME) == alike(orderly.told, NAME)
    for table, found in orderly.rows.items():
        assert ending.rows[table] == found, table


@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), reach=st.sampled_from(REACHES))
def test_whoever_was_about_to_help_is_let_go_when_the_matter_is_taken_back(
    stored: Stored, seed: int, reach: str
) -> None:
    left = asyncio.run(taken_back(stored, reach, Random(seed)))
    assert [need["state"] for need in left["needs"]] == ["withdrawn"]
    assert {match["state"] for match in left["matches"]} <= {"lapsed", "declined", "accepted"}
    assert {pledge["state"] for pledge in left["pledges"]} <= {"cancelled"}
    assert len(left["pledges"]) == (reach == "promised")
    assert (left["offer"]["reserved"], left["offer"]["free"]) == (0, SETS)


async def taken_back(stored: Stored, reach: str, dice: Random) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        async with stored.open(Path(folder), dice) as theatre:
            told = await theatre.tell(NAME, tell_farewell(reach))
            await theatre.carrier.settle()
            await theatre.carrier.repeat_all()
            return await theatre.play(look_back(told))
