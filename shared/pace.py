"""When work that can be done for many at once begins: at once where it is rare, else in batches."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic

# A transaction, a publish or a group of requests costs some milliseconds of its own, whatever is in it.
# So who has worked rests as long, and what comes meanwhile is done together. An idle machine works quickly
# and rests for a few milliseconds; on a busy one, where batches pay, the rests grow by themselves.
REST = 1.0
LONGEST_REST_S = 0.05


class Pace:
    """The rhythm of one worker that takes batch after batch."""

    def __init__(self, *, longest_rest_s: float = LONGEST_REST_S) -> None:
        self._longest_s = longest_rest_s
        self._rested = 0.0
        self.full = False

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Begin the block once the last rest is over. A block that sets `full`, as more waits, earns none."""
        wait = self._rested - monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        began, self.full = monotonic(), False
        try:
            yield
        finally:
            now = monotonic()
            self._rested = now if self.full else now + min((now - began) * REST, self._longest_s)
