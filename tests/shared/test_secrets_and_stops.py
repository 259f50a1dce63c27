"""What is shown once does not lie open in a table, and what is stopped stays stopped."""

import asyncio

from sqlalchemy import select

from shared.auth import Role
from shared.clock import FakeClock
from shared.runtime import _supervised
from shared.testing import staged
from tests.conftest import Footing
from tests.patience import PATIENCE_S
from tests.shared.toys import NOW
from tests.shared.web_toy import PLAN, ROUTERS


async def test_a_kept_answer_can_be_given_again_and_not_be_read(footing: Footing) -> None:
    url = footing.database_url("grid")
    async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW)) as stage:
        async with stage.client(Role.GRID_WORKER, areas=("620102014006",)) as client:
            headers = {"idempotency-key": "once"}
            first, again = [
                await client.post("/notes", json={"text": "whsec_shown_once"}, headers=headers)
                for _ in range(2)
            ]
        async with stage.runtime.database.reading() as session:
            kept = await session.scalar(select(PLAN.service.answers.c.body))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert b"whsec_shown_once" in first.content
    assert kept is not None
    assert b"whsec_shown_once" not in kept


async def test_work_that_fails_while_it_is_stopped_does_not_begin_anew() -> None:
    began = asyncio.Event()
    beginnings = 0

    async def work() -> None:
        nonlocal beginnings
        beginnings += 1
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError("the last page could not be stored")

    task = asyncio.create_task(_supervised("ledger", work))
    await began.wait()
    task.cancel()
    await asyncio.wait_for(task, timeout=PATIENCE_S)
    assert beginnings == 1
