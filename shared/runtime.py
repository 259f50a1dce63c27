"""A service running: host, relay, subscription and background work, started and stopped in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

from shared import idempotency, inbox, outbox
from shared.auth import ApiKey, Caller
from shared.bus import Bus, Unavailable
from shared.bus.memory import MemoryBus
from shared.bus.rabbit import RabbitBus
from shared.clock import Clock, SystemClock
from shared.db import Database, is_passing
from shared.host import Host
from shared.idempotency import Answers
from shared.letters import Letters
from shared.outbox import Relay
from shared.service import Service, Work
from shared.settings import ServiceSettings
from shared.telemetry import Metrics

log = logging.getLogger(__name__)

S = TypeVar("S", bound=ServiceSettings)

HOUSEKEEPING_S = 600.0
DRAIN_S = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0

Background = Callable[[Host], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Plan(Generic[S]):
    """What a service brings to the runtime.

    `parts` makes its long-lived objects; `background` runs beside the requests until it is cancelled;
    `identify_key` turns an API key that it issued into a caller (raising `Unauthorized`).
    """

    service: Service
    settings: type[S]
    parts: Callable[[S], Mapping[type, object]] = field(default=lambda _: {})
    background: Sequence[Background] = ()
    identify_key: Callable[[Work, ApiKey], Awaitable[Caller]] | None = None


class Runtime(Generic[S]):
    """One service at work on one database. A bus that is given is shared, and its giver closes it."""

    def __init__(
        self, plan: Plan[S], settings: S, *, bus: Bus | None = None, clock: Clock | None = None
    ) -> None:
        self.plan, self.settings, self.clock = plan, settings, clock or SystemClock()
        service = plan.service
        self.database = Database(
            settings.database_url,
            pool_size=settings.pool_size,
            statement_timeout_s=settings.statement_timeout_s,
            lock_timeout_s=settings.lock_timeout_s,
        )
        self.metrics = Metrics(service.name)
        self._owns_bus = bus is None
        self.bus = bus or self._rabbit()
        self.relay = Relay(self.database, service.outbox, self.bus, published=self.metrics.published)
        self.host = Host(
            service,
            self.database,
            self.clock,
            metrics=self.metrics,
            parts={**plan.parts(settings), Answers: Answers(service.answers, settings.keyring)},
            hand=self.relay.hand,
            tries=len(settings.retry_ladder_s) + 1,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._listens = False

    def _rabbit(self) -> RabbitBus:
        if self.settings.amqp_url is None:
            raise ValueError("without a bus of its process, a service needs amqp_url")
        return RabbitBus(
            self.settings.amqp_url,
            name=self.plan.service.name,
            delays_s=self.settings.retry_ladder_s,
            publish_timeout_s=self.settings.publish_timeout_s,
        )

    async def listen(self) -> None:
        """Subscribe, and publish nothing yet.

        Where services share a bus, all of them listen before one starts: what a relay hands over before
        somebody listens counts as published, and that listener would never hear of it.
        """
        service = self.plan.service
        if isinstance(self.bus, MemoryBus):
            self.bus.keep_letters(Letters(service.name, self.database, service.letters))
        await self.bus.subscribe(service.name, service.types, self.host.receive)
        self._listens = True

    async def start(self) -> None:
        """Take events, relay events, keep house, run the service's own background work."""
        if not self._listens:
            await self.listen()
        await self.bus.start()
        self._keep("relay", self.relay.run)
        self._keep("housekeeping", self._keep_house)
        for work in self.plan.background:
            self._keep(getattr(work, "__name__", "background"), lambda work=work: work(self.host))  # type: ignore[misc]

    async def quiesce(self) -> None:
        """Take nothing new, and publish what is left as far as the time allows."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._owns_bus:
            await self._close_bus()

    async def _close_bus(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                # What the last handlers leave behind is to be published too, so they finish first.
                await self.bus.rest()
                if self.bus.is_ready:
                    await self.relay.drain()
        except Exception as error:
            if not isinstance(error, Unavailable) and not is_passing(error):
                raise
            # Whatever is not published or acknowledged comes again after the next start.
            log.warning("%s stopped before it was drained: %r", self.plan.service.name, error)
        finally:
            await self._disconnect()

    async def _disconnect(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                await self.bus.close()
        except TimeoutError:
            log.warning("%s left a handler unfinished; its events come again", self.plan.service.name)

    async def close(self) -> None:
        """Give the database back."""
        await self.database.close()

    async def ready(self) -> dict[str, str]:
        """What is not ready, by name; empty when requests and events can flow."""
        faults: dict[str, str] = {}
        asked: dict[str, Callable[[], Awaitable[None]]] = {
            "database": self.database.ping,
            "tables": partial(outbox.look, self.database, self.plan.service.outbox),
        }
        for name, question in asked.items():
            try:
                async with asyncio.timeout(3):
                    await question()
            except Exception as error:
                faults[name] = type(error).__name__
        if not self.bus.is_ready:
            faults["bus"] = "no events flow"
        faults.update({task.get_name(): "stopped" for task in self._tasks if task.done()})
        return faults

    def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(_supervised(name, work), name=name))

    async def _keep_house(self) -> None:
        service, settings = self.plan.service, self.settings
        while True:
            now = self.clock.now()
            keep = timedelta(days=settings.inbox_keep_days)
            await inbox.prune(self.database, service.inbox, now=now, keep=keep)
            keep_for = timedelta(hours=settings.idempotency_keep_hours)
            await idempotency.prune(self.database, service.answers, now=now, keep_for=keep_for)
            await asyncio.sleep(HOUSEKEEPING_S)

    async def measure(self) -> None:
        """Bring the gauges up to date; they stay as they were while the database is away."""
        try:
            count, since = await outbox.backlog(self.database, self.plan.service.outbox)
        except Exception as error:
            if not is_passing(error):
                raise
            log.warning("the gauges stay: %s", error)
            return
        age = 0.0 if since is None else (self.clock.now() - since).total_seconds()
        self.metrics.backlog(count, max(age, 0.0))


async def _supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run for good. A fault is logged with its trace, and the work begins anew after a pause."""
    pause = SHORTEST_PAUSE_S
    while True:
        began = monotonic()
        try:
            await work()
        except Exception:
            log.exception("%s failed and begins anew in %.1f s", name, pause)
            if _is_being_stopped():
                return
        await asyncio.sleep(pause)
        # What ran for a while was sound: its next fault is news, and no part of a row of them.
        lasted = monotonic() - began > LONGEST_PAUSE_S * 2
        pause = SHORTEST_PAUSE_S if lasted else min(pause * 2, LONGEST_PAUSE_S)


def _is_being_stopped() -> bool:
    # Work that fails while it is being cancelled hides the cancellation, and must not begin anew.
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
