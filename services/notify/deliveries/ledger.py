"""What came of attempts is gathered for a moment and stored in one transaction."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notify.deliveries.attempts import released
from services.notify.deliveries.ends import tell_exhausted, turn_endpoints
from services.notify.deliveries.jobs import Job
from services.notify.deliveries.outcomes import Outcome, record
from services.notify.endpoints.addressees import Addressee
from services.notify.endpoints.fares import locked_healths, store_healths
from services.notify.models import Attempt, table_of
from services.notify.rules.engine import Engine
from services.notify.rules.health import Call, Health, Sign
from shared import bulk
from shared.db import is_passing
from shared.host import Host
from shared.service import Work

log = logging.getLogger(__name__)

_ATTEMPTS = table_of(Attempt)
GATHER_S = 0.01
MOST = 200


class Knows(Protocol):
    """Who sends: it says what it knows of endpoints, and is told what was learnt of them."""

    def addressee(self, endpoint_id: UUID) -> Addressee | None:
        """What is known of an endpoint."""
        ...

    def health(self, endpoint_id: UUID) -> Health:
        """How it fares, as far as is known here."""
        ...

    def learn(self, healths: Mapping[UUID, Health], now: datetime) -> list[Job]:
        """This is how they fare now, and it is stored; what comes back is not to be tried now."""
        ...

    def renew(self) -> None:
        """Something about an endpoint is no longer as it was."""
        ...


class Ledger:
    """Takes outcomes at once and stores them soon; what cannot be stored now is kept and tried again."""

    def __init__(self, host: Host, knows: Knows, engine: Engine) -> None:
        self._host, self._knows, self._engine = host, knows, engine
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
                learnt = await self._store(batch, work)
            del self._waiting[: len(batch)]
            self._waiting += [released(job) for job in self._knows.learn(learnt, work.now)]

    async def _store(self, batch: Sequence[Outcome], work: Work) -> Mapping[UUID, Health]:
        await record(work.session, [outcome.change for outcome in batch])
        rows = [outcome.attempt for outcome in batch if outcome.attempt is not None]
        await bulk.insert(work.session, _ATTEMPTS, rows)
        await tell_exhausted(batch, work)
        learnt, signs = await self._learn(batch, work)
        if await turn_endpoints(batch, signs, work):
            work.afterwards.append(self._knows.renew)
        return learnt

    async def _learn(
        self, batch: Sequence[Outcome], work: Work
    ) -> tuple[Mapping[UUID, Health], Mapping[UUID, tuple[Sign, Health]]]:
        news = {
            endpoint_id: calls
            for endpoint_id, calls in _calls(batch).items()
            if not self._knows.health(endpoint_id).is_unmoved_by(calls)
        }
        if not news:
            return {}, {}
        healths = await locked_healths(work.session, news)
        signs: dict[UUID, tuple[Sign, Health]] = {}
        for endpoint_id, health in healths.items():
            to = self._knows.addressee(endpoint_id)
            for call in news[endpoint_id]:
                sign = health.learn(call, to.max_concurrency if to else 1, self._engine)
                if sign is not None:
                    signs[endpoint_id] = sign, health
        await store_healths(work.session, healths)
        return healths, signs


def _calls(batch: Sequence[Outcome]) -> dict[UUID, list[Call]]:
    """How each endpoint answered, in the order in which it did."""
    found: dict[UUID, list[Call]] = {}
    for outcome in batch:
        if outcome.call is not None:
            found.setdefault(outcome.change.job.endpoint_id, []).append(outcome.call)
    for calls in found.values():
        calls.sort(key=lambda call: call.ended_at)
    return found
