"""What oversight does by itself: it picks the readings of a month, and notices requests without an answer."""

import asyncio
from collections.abc import Awaitable, Callable

from services.intake.oversight.requests import note_late_ones, reckon_due_anew
from services.intake.oversight.reviews import pick_readings
from services.intake.personal.rules import PersonalRules
from shared.host import Host
from shared.service import Work

_STEPS: tuple[Callable[[Work], Awaitable[object]], ...] = (reckon_due_anew, note_late_ones)


async def keep_oversight(host: Host) -> None:
    """Look for good, as often as the rules say."""
    rules: PersonalRules = host.parts[PersonalRules]  # type: ignore[assignment]  # The parts stand under their types.
    while True:
        await oversee(host)
        await asyncio.sleep(rules.oversight.every_minutes * 60)


async def oversee(host: Host) -> None:
    """Do what is due now: all months that an outage held up, the oldest first."""
    for step in _STEPS:
        async with host.work() as work:
            await step(work)
    picked = True
    while picked:
        async with host.work() as work:
            picked = await pick_readings(work)
