"""Letting a service's background work run for a while: it never ends by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.host import Host
from tests.patience import PATIENCE_S


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
    """Wait for what background work brings about."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await done():
                return
            await asyncio.sleep(0.02)
