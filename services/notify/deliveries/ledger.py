"""What came of attempts is gathered for a moment and stored in one transaction."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import select

from services.notify.deliveries.outcomes import Outcome, record
from services.notify.endpoints.turns import turn
from services.notify.models import Attempt, Endpoint, table_of
from services.notify.rules.states import EndpointState
from shared import bulk
from shared.db import is_passing
from shared.host import Host
from shared.service import Work

log = logging.getLogger(__name__)

_ENDPOINTS, _ATTEMPTS = table_of(Endpoint), table_of(Attempt)
GATHER_S = 0.01
MOST = 200
GONE = "gone"


class Ledger:
    """Takes outcomes at once and stores them soon; what cannot be stored now is kept and tried again."""

    def __init__(self, host: Host, renewed: Callable[[], None]) -> None:
        self._host, self._renewed = host, renewed
        self._waiting: list[Outcome] = []
        self._filled = asyncio.Event()
        self._closed = False

    def note(self, outcome: Outcome) -> None:
        """Take an outcome."""
        self._waiting.append(outcome)
        self._filled.set()

    def close(self) -> None:
        """Let `run` end once all is stored, or at the first sign that the database is away."""
        self._closed = True
        self._filled.set()

    async def run(self) -> None:
        """Store until closed. While the database is away outcomes wait; what outlives its lease is resent."""
        pause = 0.1
        while self._waiting or not self._closed:
            await self._filled.wait()
            await asyncio.sleep(GATHER_S)
            self._filled.clear()
            try:
                await self.flush()
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("%d outcomes of deliveries wait: %s", len(self._waiting), error)
                if self._closed:
                    return
                self._filled.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                pause = 0.1

    async def flush(self) -> None:
        """Store all outcomes so far."""
        while batch := self._waiting[:MOST]:
            async with self._host.work() as work:
                await _store(batch, work)
                if any(outcome.gone or outcome.verified for outcome in batch):
                    work.afterwards.append(self._renewed)
            del self._waiting[: len(batch)]


async def _store(batch: Sequence[Outcome], work: Work) -> None:
    await record(work.session, [outcome.change for outcome in batch])
    rows = [outcome.attempt for outcome in batch if outcome.attempt is not None]
    await bulk.insert(work.session, _ATTEMPTS, rows)
    endpoints = {
        outcome.change.job.endpoint_id
        for outcome in batch
        if outcome.pause is not None or outcome.gone or outcome.verified
    }
    if endpoints:
        await _tell_endpoints(batch, endpoints, work)


async def _tell_endpoints(batch: Sequence[Outcome], endpoint_ids: set[UUID], work: Work) -> None:
    query = select(Endpoint).where(Endpoint.id.in_(endpoint_ids)).order_by(Endpoint.id).with_for_update()
    found = {endpoint.id: endpoint for endpoint in await work.session.scalars(query)}
    for outcome in batch:
        endpoint = found.get(outcome.change.job.endpoint_id)
        if endpoint is None:
            continue
        if outcome.pause is not None:
            endpoint.ready_at = outcome.pause
        if outcome.verified and endpoint.state == EndpointState.unverified:
            turn(endpoint, EndpointState.active, work)
        if outcome.gone and endpoint.state != EndpointState.disabled:
            turn(endpoint, EndpointState.disabled, work, reason=GONE)
    await work.session.flush()
