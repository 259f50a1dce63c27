"""What oversight does by itself: it picks the readings of a month, and notices requests without an answer."""

import asyncio

from services.intake.personal.requests import note_late_ones, reckon_due_anew
from services.intake.personal.reviews import pick_readings
from services.intake.personal.rules import PersonalRules
from shared.host import Host


async def keep_oversight(host: Host) -> None:
    """Look for good, as often as the rules say."""
    rules: PersonalRules = host.parts[PersonalRules]  # type: ignore[assignment]  # The parts stand under their types.
    while True:
        await oversee(host)
        await asyncio.sleep(rules.oversight.every_minutes * 60)


async def oversee(host: Host) -> None:
    """Do what is due now: all months that an outage held up, the oldest first."""
    async with host.work() as work:
        await reckon_due_anew(work)
        await note_late_ones(work)
    picked = True
    while picked:
        async with host.work() as work:
            picked = await pick_readings(work)
