"""The sender: claims what is due, calls the receivers with no transaction open, hands on what came of it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.deliveries.attempts import released
from services.notify.deliveries.claims import claim_probes, claim_tests, is_something_due
from services.notify.deliveries.jobs import Job
from services.notify.deliveries.ledger import Ledger
from services.notify.deliveries.outcomes import has_expired, recover
from services.notify.deliveries.rates import claim_at_rate
from services.notify.deliveries.sending import call
from services.notify.endpoints.addressees import Addressee, Directory
from services.notify.endpoints.fares import healths
from services.notify.rules.engine import Engine
from services.notify.rules.health import Health
from services.notify.rules.slots import Grant, Slots, Start
from services.notify.rules.states import Breaker
from services.notify.settings import NotifySettings
from shared.clock import Clock
from shared.db import is_passing
from shared.host import Host
from shared.http import HttpClient
from shared.pace import Pace

log = logging.getLogger(__name__)

SWEEP_S = 1.0
DRAIN_S = 5.0


class Courier:
    """One a process. Any number of processes may work on one database."""

    def __init__(self, http: HttpClient, settings: NotifySettings, engine: Engine) -> None:
        self._http, self._schedule, self._engine = http, settings.webhook_schedule_s, engine
        self._slots: Slots[Job] = Slots(settings.webhook_slots, engine)
        self._directory, self._healths = Directory(), dict[UUID, Health]()
        self._swept_at: float | None = None
        self._rare_wait = True
        self._woken, self._pace = asyncio.Event(), Pace()
        self._flying: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Say that a commit of this process left something to send."""
        self._woken.set()

    def renew(self) -> None:
        """Say that a commit of this process changed an endpoint; other processes see it within a second."""
        self._swept_at = None
        self._woken.set()

    def addressee(self, endpoint_id: UUID) -> Addressee | None:
        """What is known of an endpoint."""
        return self._directory.endpoints.get(endpoint_id)

    def health(self, endpoint_id: UUID) -> Health:
        """How it fares, as far as is known here."""
        return self._healths.get(endpoint_id) or Health()

    def learn(self, healths: Mapping[UUID, Health], now: datetime) -> list[Job]:
        """This is how endpoints fare: they get as many calls at once, and while they rest none at all.

        Returns what waited for a slot to those that rest, to be given back.
        """
        self._healths |= healths
        out: list[Job] = []
        for endpoint_id, health in healths.items():
            to = self.addressee(endpoint_id)
            if health.breaker != Breaker.closed:
                out += self._slots.empty(endpoint_id, but=lambda job: job.probe)
            elif to is not None:
                self._slots.fit(endpoint_id, health.room(to.max_concurrency), now)
        return out

    async def run(self, host: Host) -> None:
        """Send for good: at once when woken, and every second for what a crash or a retry left to do.

        On cancellation nothing new is claimed, and calls under way get a few seconds to end.
        """
        ledger = Ledger(host, self, self._engine)
        async with self._http:
            storing = asyncio.create_task(ledger.run(), name="ledger")
            try:
                await self._send_for_good(host, ledger, storing)
            finally:
                await self._land(ledger)
                ledger.close()
                await asyncio.gather(storing, return_exceptions=True)

    async def once(self, host: Host) -> int:
        """Send what is due now, to the end, and say how many calls were made."""
        ledger = Ledger(host, self, self._engine)
        async with self._http:
            await self._sweep(host, ledger)
            count = await self._claim(host)
            self._launch(host, ledger)
            while self._flying:
                await asyncio.wait(self._flying)
            await ledger.flush()
        return count

    async def _send_for_good(self, host: Host, ledger: Ledger, storing: asyncio.Task[None]) -> None:
        pause = 0.1
        while True:
            if storing.done():
                storing.result()
            try:
                async with self._pace.turn():
                    self._woken.clear()
                    count = await self._next(host, ledger)
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("deliveries wait: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            pause = 0.1
            self._launch(host, ledger)
            if not count:
                await self._wait()

    async def _next(self, host: Host, ledger: Ledger) -> int:
        if self._swept_at is None or monotonic() - self._swept_at >= SWEEP_S:
            await self._sweep(host, ledger)
        claiming = asyncio.create_task(self._claim(host))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # The claim may be committed by now: wait for it, so that it is given back and blocks no lease.
            await asyncio.wait([claiming])
            raise

    async def _sweep(self, host: Host, ledger: Ledger) -> None:
        now = host.clock.now()
        self._swept_at, self._rare_wait = monotonic(), True
        async with host.database.reading() as session:
            await self._directory.read(session, now)
            fares = await healths(session)
            lost = await has_expired(session, now)
        for job in self.learn(fares, now):
            ledger.note(released(job))
        if lost:
            async with host.database.transaction() as session:
                log.warning("%d deliveries had lost their sender", await recover(session, now))

    async def _claim(self, host: Host) -> int:
        now, database = host.clock.now(), host.database
        grants = self._slots.grants(self._wanted(), now)
        if not self._rare_wait and not any(grant.most and grant.each for grant in grants):
            return 0
        if database.is_sqlite:
            async with database.reading() as session:
                if not await is_something_due(session, now):
                    return 0
        async with database.transaction() as session:
            jobs = [job for grant in grants for job in await self._claim_granted(session, grant, now)]
            if self._rare_wait:
                jobs += await self._claim_rare(session, now)
        self._rare_wait = False
        self._take_in(jobs, grants, now)
        return len(jobs)

    def _take_in(self, jobs: Sequence[Job], grants: Sequence[Grant], now: datetime) -> None:
        counts = Counter(job.endpoint_id for job in jobs)
        for grant in grants:
            for endpoint_id, bound in grant.each.items():
                if counts[endpoint_id] < bound:
                    self._slots.came_short(endpoint_id)
        for job in sorted(jobs, key=lambda job: job.next_at):
            self._slots.put(job.endpoint_id, job, now)

    def _wanted(self) -> list[tuple[UUID, int]]:
        """The endpoints that are called now, each with the most calls at once."""
        return [
            (one.id, self.health(one.id).room(one.max_concurrency))
            for one in self._directory.endpoints.values()
            if one.is_called and self.health(one.id).breaker == Breaker.closed
        ]

    async def _claim_granted(self, session: AsyncSession, grant: Grant, now: datetime) -> list[Job]:
        endpoints = self._directory.endpoints
        return await claim_at_rate(session, grant, endpoints, self._healths, self._engine, now=now)

    async def _claim_rare(self, session: AsyncSession, now: datetime) -> list[Job]:
        """Tests, and the tries of endpoints that have rested."""
        leases, most = self._engine.leases, self._engine.caps.slow_slots
        jobs = await claim_tests(session, most, leases.test_s, now)
        if any(health.has_rested(now) for health in self._healths.values()):
            leases_s = {one.id: one.timeout_s + leases.grace_s for one in self._directory.endpoints.values()}
            jobs += await claim_probes(session, leases_s, now)
        return jobs

    def _launch(self, host: Host, ledger: Ledger) -> None:
        while start := self._slots.next(host.clock.now()):
            task = asyncio.create_task(self._fly(start, ledger, host.clock))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)

    async def _fly(self, start: Start[Job] | None, ledger: Ledger, clock: Clock) -> None:
        while start is not None:
            await self._deliver(start, ledger, clock)
            start = self._slots.next(clock.now())

    async def _deliver(self, start: Start[Job], ledger: Ledger, clock: Clock) -> None:
        job, to = start.job, self._directory.endpoints.get(start.job.endpoint_id)
        try:
            if to is None or (job.lease_until - clock.now()).total_seconds() < to.timeout_s:
                ledger.note(released(job))
                return
            outcome, seconds, timed_out = await call(self._http, job, to, clock, self._schedule)
            ledger.note(outcome)
            self._slots.mark(start.lane, seconds=seconds, timed_out=timed_out, now=clock.now())
        finally:
            self._slots.done(start, clock.now())
            if start.lane.more:
                self.wake()

    async def _land(self, ledger: Ledger) -> None:
        for job in self._slots.empty_all():
            ledger.note(released(job))
        if self._flying:
            _, late = await asyncio.wait(self._flying, timeout=DRAIN_S)
            for task in late:
                task.cancel()
            # What was cut off in the middle keeps its lease; when that runs out it is sent again.
            await asyncio.gather(*late, return_exceptions=True)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(SWEEP_S):
                await self._woken.wait()
        except TimeoutError:
            return


async def deliver(host: Host) -> None:
    """The background work of notify."""
    courier = host.parts[Courier]
    if not isinstance(courier, Courier):
        raise TypeError("the courier is a part of the service")
    await courier.run(host)
