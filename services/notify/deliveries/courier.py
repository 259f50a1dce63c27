"""The sender: claims what is due, calls the receivers with no transaction open, hands on what came of it."""

import asyncio
import logging
from asyncio import Semaphore
from collections.abc import Mapping
from contextlib import AsyncExitStack
from time import monotonic, perf_counter
from uuid import UUID

from services.notify.deliveries.attempts import Try, attempted, released
from services.notify.deliveries.claims import Job, claim, claim_tests, is_something_due
from services.notify.deliveries.ledger import Ledger
from services.notify.deliveries.outcomes import Outcome, has_expired, recover
from services.notify.endpoints.addressees import Addressee, addressees
from services.notify.messages.telling import webhook_id
from services.notify.rules.signing import sign
from services.notify.rules.slots import SLOW_SLOTS, Slots
from services.notify.settings import NotifySettings
from shared.clock import Clock
from shared.db import is_passing
from shared.host import Host
from shared.http import HttpAnswer, HttpClient, HttpFailure
from shared.pace import Pace

log = logging.getLogger(__name__)

SWEEP_S = 1.0
DRAIN_S = 5.0
# How much longer than the receiver's time a lease lasts, so that a slow database repeats no delivery.
GRACE_S = 15.0
TEST_LEASE_S = 60.0


class Courier:
    """One a process. Any number of processes may work on one database."""

    def __init__(self, http: HttpClient, settings: NotifySettings) -> None:
        self._http, self._schedule = http, settings.webhook_schedule_s
        self._slots = Slots(settings.webhook_slots)
        self._pools = {False: Semaphore(settings.webhook_slots), True: Semaphore(SLOW_SLOTS)}
        self._doors: dict[tuple[UUID, int], Semaphore] = {}
        self._directory: Mapping[UUID, Addressee] = {}
        self._swept_at: float | None = None
        self._tests_wait = True
        self._woken, self._pace = asyncio.Event(), Pace()
        self._flying: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Say that a commit of this process left something to send."""
        self._woken.set()

    def renew(self) -> None:
        """Say that a commit of this process changed an endpoint; other processes see it within a second."""
        self._swept_at = None
        self._woken.set()

    async def run(self, host: Host) -> None:
        """Send for good: at once when woken, and every second for what a crash or a retry left to do.

        On cancellation nothing new is claimed, and calls under way get a few seconds to end.
        """
        ledger = Ledger(host, self.renew)
        async with self._http:
            storing = asyncio.create_task(ledger.run(), name="ledger")
            try:
                await self._send_for_good(host, ledger, storing)
            finally:
                await self._land()
                ledger.close()
                await asyncio.gather(storing, return_exceptions=True)

    async def once(self, host: Host) -> int:
        """Send what is due now, to the end, and say how many calls were made."""
        ledger = Ledger(host, self.renew)
        async with self._http:
            await self._sweep(host)
            jobs = await self._claim(host)
            await asyncio.gather(*(self._deliver(job, slow, ledger, host.clock) for job, slow in jobs))
            await ledger.flush()
        return len(jobs)

    async def _send_for_good(self, host: Host, ledger: Ledger, storing: asyncio.Task[None]) -> None:
        pause = 0.1
        while True:
            if storing.done():
                storing.result()
            try:
                async with self._pace.turn():
                    self._woken.clear()
                    jobs = await self._next(host, ledger)
            except Exception as error:
                if not is_passing(error):
                    raise
                log.warning("deliveries wait: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            pause = 0.1
            for job, slow in jobs:
                task = asyncio.create_task(self._deliver(job, slow, ledger, host.clock))
                self._flying.add(task)
                task.add_done_callback(self._flying.discard)
            if not jobs:
                await self._wait()

    async def _next(self, host: Host, ledger: Ledger) -> list[tuple[Job, bool]]:
        if self._swept_at is None or monotonic() - self._swept_at >= SWEEP_S:
            await self._sweep(host)
        claiming = asyncio.create_task(self._claim(host))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # The claim may be committed by now: wait for it and give it back, or it would block for a lease.
            await asyncio.wait([claiming])
            for job, slow in claiming.result() if claiming.exception() is None else ():
                self._slots.give_back(job.endpoint_id, slow=slow)
                ledger.note(released(job, host.clock.now()))
            raise

    async def _sweep(self, host: Host) -> None:
        now = host.clock.now()
        self._swept_at, self._tests_wait = monotonic(), True
        async with host.database.reading() as session:
            self._directory = await addressees(session, now)
            lost = await has_expired(session, now)
        if lost:
            async with host.database.transaction() as session:
                log.warning("%d deliveries had lost their sender", await recover(session, now))

    async def _claim(self, host: Host) -> list[tuple[Job, bool]]:
        now, database = host.clock.now(), host.database
        active = [(one.id, one.max_concurrency) for one in self._directory.values() if one.is_active]
        grants = self._slots.grants(active, now)
        leases_s = {one.id: one.timeout_s + GRACE_S for one in self._directory.values()}
        if not any(grant.most for grant in grants) or not self._directory:
            return []
        if database.is_sqlite:
            async with database.reading() as session:
                if not await is_something_due(session, now):
                    return []
        claimed: list[tuple[Job, bool]] = []
        async with database.transaction() as session:
            for grant in grants:
                jobs = await claim(session, grant, leases_s, now, sqlite=database.is_sqlite)
                claimed += [(job, grant.slow) for job in jobs]
            if self._tests_wait:
                tests = await claim_tests(session, grants[1].most, TEST_LEASE_S, now)
                claimed += [(job, True) for job in tests]
        self._tests_wait = False
        for job, slow in claimed:
            self._slots.take(job.endpoint_id, slow=slow)
        return claimed

    async def _deliver(self, job: Job, slow: bool, ledger: Ledger, clock: Clock) -> None:
        to, is_tried = self._directory.get(job.endpoint_id), False
        try:
            async with AsyncExitStack() as stack:
                if to is not None:
                    await stack.enter_async_context(self._door(to))
                    await stack.enter_async_context(self._pools[slow])
                    if (job.lease_until - clock.now()).total_seconds() >= to.timeout_s:
                        is_tried = True
                        ledger.note(await self._attempt(job, to, clock))
        finally:
            if not is_tried:
                ledger.note(released(job, clock.now()))
            self._slots.give_back(job.endpoint_id, slow=slow)
            self.wake()

    def _door(self, to: Addressee) -> Semaphore:
        share = self._slots.share(to.max_concurrency)
        return self._doors.setdefault((to.id, share), Semaphore(share))

    async def _attempt(self, job: Job, to: Addressee, clock: Clock) -> Outcome:
        started_at, began = clock.now(), perf_counter()
        name, timestamp = webhook_id(job.message_id), int(started_at.timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(to.keys, name, timestamp, job.body),
        }
        result: HttpAnswer | HttpFailure
        try:
            result = await self._http.post(to.url, job.body, headers, timeout_s=to.timeout_s)
        except HttpFailure as failure:
            result = failure
        ended_at = clock.now()
        timed_out = isinstance(result, HttpFailure) and result.error_class == "timeout"
        seconds = perf_counter() - began
        self._slots.mark(to.id, seconds=seconds, timed_out=timed_out, now=ended_at)
        return attempted(job, Try(started_at, ended_at, seconds * 1000, result), self._schedule)

    async def _land(self) -> None:
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
