"""What happens because time passes: offers end, questions lapse, needs that wait are tried again.

What ends soon is told of, what a month has brought is counted, and what ended long ago is forgotten.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.partners.cases.counting import count_last_month
from services.partners.cases.forgetting import forget_old_cases
from services.partners.matches.lapses import lapse_unanswered, seek_for_waiting
from services.partners.offers.reviews import expire_offers
from services.partners.units.agreements import warn_of_agreements
from services.partners.units.keys import write_down_uses
from shared.host import Host
from shared.service import Work

_EVERY_S = 60.0
_KEYS_EVERY_S = 15.0

STEPS: tuple[Callable[[Work], Awaitable[None]], ...] = (
    expire_offers,
    lapse_unanswered,
    seek_for_waiting,
    warn_of_agreements,
    count_last_month,
    forget_old_cases,
)


async def watch_the_clock(host: Host) -> None:
    """Take every step once a minute, each in a transaction of its own."""
    while True:
        for step in STEPS:
            async with host.work() as work:
                await step(work)
        await asyncio.sleep(_EVERY_S)


async def write_key_uses(host: Host) -> None:
    """Write down which keys were used; a crash forgets the last seconds, which nobody misses."""
    while True:
        await asyncio.sleep(_KEYS_EVERY_S)
        await write_down_uses(host)
