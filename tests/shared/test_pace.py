"""Work that can be done for many at once begins at once where it is rare, and gathers where it is not."""

import asyncio

from shared.pace import Pace


async def test_the_first_turn_comes_at_once_and_the_next_one_is_held_up() -> None:
    pace = Pace(0.01)
    await asyncio.wait_for(pace.turn(), timeout=0.001)
    following = asyncio.create_task(pace.turn())
    await asyncio.sleep(0)
    assert not following.done()
    await following


async def test_a_turn_that_comes_long_after_the_last_is_not_held_up() -> None:
    pace = Pace(0.01)
    await pace.turn()
    await asyncio.sleep(0.02)
    following = asyncio.create_task(pace.turn())
    await asyncio.sleep(0)
    assert following.done()
