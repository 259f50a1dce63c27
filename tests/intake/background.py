"""Letting a service's background work run for a while: it never ends by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.host import Host


@asynccontextmanager
async def at_work(work: Callable[[Host], Awaitable[None]], host: Host) -> AsyncIterator[None]:
    """The work runs as long as the block does."""
    task = asyncio.ensure_future(work(host))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what background work brings about, for ten seconds at most."""
    for _ in range(500):
        if await done():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the background work did not get there")
