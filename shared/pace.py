"""When work that can be done for many at once begins: at once where it is rare, else in batches."""

import asyncio

# A transaction, a publish or a group of requests costs some milliseconds of its own, whatever is in it.
# A moment's rest between two lets what comes meanwhile gather, and is no more than a person's blink is long.
import os
from time import monotonic

GATHER_S = float(os.environ.get("PACE", "0.01"))


class Pace:
    """Holds up whoever asks for a turn sooner than `every_s` seconds after the turn before."""

    def __init__(self, every_s: float = GATHER_S) -> None:
        self._every_s, self._next = every_s, 0.0

    async def turn(self) -> None:
        """Return when the next turn may begin; at once where the last one lies far enough back."""
        wait = self._next - monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        self._next = monotonic() + self._every_s
