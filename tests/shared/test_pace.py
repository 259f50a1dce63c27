"""Who takes batch after batch rests between two, and not where more waits already."""

import asyncio

from shared.pace import Pace


async def began(pace: Pace) -> "asyncio.Task[None]":
    async def work() -> None:
        async with pace.turn():
            pass

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    return task


async def test_who_has_worked_rests_before_the_next_turn() -> None:
    # Long enough to be resting still, however busy the machine is.
    pace = Pace(longest_rest_s=0.3)
    async with pace.turn():
        await asyncio.sleep(0.3)
    following = await began(pace)
    assert not following.done()
    await following


async def test_who_left_something_waiting_does_not_rest() -> None:
    pace = Pace()
    async with pace.turn():
        await asyncio.sleep(0.01)
        pace.full = True
    assert (await began(pace)).done()


async def test_who_waited_long_for_work_has_rested() -> None:
    pace = Pace()
    async with pace.turn():
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.1)
    assert (await began(pace)).done()
