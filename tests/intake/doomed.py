"""Strikes what is due as a replica of intake would, and is killed with signal 9 in the midst of its work.

    python -m tests.intake.doomed NTH MOMENT SETTINGS

At the n-th stroke its changes are with the database, and the commit is not: no handler, no lock gets a chance
to end in order. MOMENT is what its clock shows, SETTINGS the JSON of its settings.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime
from typing import Any

import orjson

from services.intake.app import PLAN
from services.intake.clocks import watch
from services.intake.clocks.striking import strike
from services.intake.issues.models import Issue
from shared.clock import FakeClock
from shared.runtime import Runtime
from shared.service import Work
from shared.testing import NotingBus


async def main(nth: str, moment: str, settings: str) -> None:
    left = [int(nth)]

    async def strike_and_die(work: Work, issue: Issue) -> None:
        await strike(work, issue)
        await work.session.flush()
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    # The watch is not to know of it.
    vars(watch)["strike"] = strike_and_die
    given = PLAN.settings.model_validate(orjson.loads(settings))
    clock = FakeClock(datetime.fromisoformat(moment))
    runtime: Runtime[Any] = Runtime(PLAN, given, bus=NotingBus(), clock=clock)
    await watch.strike_due(runtime.host)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
