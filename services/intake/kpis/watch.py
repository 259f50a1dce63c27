"""The background work that keeps the figures up, and the command that checks them."""

import asyncio
import time
from uuid import UUID

from services.intake.kpis.folding import LINES, fold, recount, settled
from shared.host import Host

_EVERY_S = 5.0
# Of the time that counting takes, so much again is left to those who report and handle issues.
_REST = 3.0
_FIRST = UUID(int=0)


async def keep_count(host: Host) -> None:
    """Read the timeline on for good, and never take more than a quarter of the time."""
    while True:
        began = time.monotonic()
        async with host.work() as work:
            lines = await fold(work, await settled(work))
        taken = time.monotonic() - began
        await asyncio.sleep(taken * _REST if lines == LINES else _EVERY_S)


async def count_all(host: Host) -> tuple[int, int]:
    """Count every issue anew beside the running service: how many there were, how many stood wrong."""
    after, issues, corrected = _FIRST, 0, 0
    while True:
        async with host.work() as work:
            after, found, wrong = await recount(work, after)
        issues, corrected = issues + found, corrected + wrong
        if not found:
            return issues, corrected
