"""A service at work: the one edge that commits, for requests and for events alike."""

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from shared import inbox, outbox
from shared.auth import Caller
from shared.bus import RETRY_DELAYS_S, Failure, Unavailable
from shared.clock import Clock
from shared.db import Database, is_passing, ran_too_long
from shared.envelope import Cause, Envelope, Packed, Unreadable
from shared.events import Event
from shared.service import Service, Work
from shared.telemetry import Metrics, continued, current_traceparent

log = logging.getLogger(__name__)


class Host:
    """A service at work: its database, its clock, its parts, and the one edge that commits."""

    def __init__(
        self,
        service: Service,
        database: Database,
        clock: Clock,
        *,
        metrics: Metrics,
        parts: Mapping[type, object] | None = None,
        hand: Callable[[Sequence[int], Sequence[Packed]], None] = lambda positions, messages: None,
        tries: int = len(RETRY_DELAYS_S) + 1,
    ) -> None:
        self.service, self.database, self.clock, self.metrics = service, database, clock, metrics
        self.parts, self._hand, self._tries = dict(parts or {}), hand, tries

    @asynccontextmanager
    async def work(self, *, caller: Caller | None = None, cause: Cause | None = None) -> AsyncGenerator[Work]:
        """One unit of work: what the block did and what it emitted are committed together, or neither."""
        async with self.database.transaction() as session:
            work = Work(session, self, self.clock.now(), caller, cause or _new_cause())
            yield work
            positions = await outbox.store(session, self.service.outbox, work.emitted)
        if positions:
            self._hand(positions, work.emitted)
        for call in work.afterwards:
            call()

    @asynccontextmanager
    async def look(self, *, caller: Caller | None = None) -> AsyncGenerator[Work]:
        """A unit of work that only reads."""
        async with self.database.reading() as session:
            work = Work(session, self, self.clock.now(), caller)
            yield work
        if work.emitted:
            raise RuntimeError("what only reads cannot leave an event behind: nothing would store it")

    async def receive(self, envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        """Let every handler have these events in one transaction; return those that could not be taken.

        Where a handler raises, the transaction is rolled back and each event is tried by itself, so that
        only the guilty one fails. Raises `Unavailable` where the database is away: what was not done then
        is done when the same events come again.
        """
        failures = await self._take(envelopes)
        for failure in failures:
            if failure.poison or failure.envelope.attempt >= self._tries:
                self.metrics.dead_lettered(failure.envelope.type)
            else:
                self.metrics.retried()
        return failures

    async def _take(self, envelopes: Sequence[Envelope]) -> list[Failure]:
        try:
            return await self._handle(envelopes)
        except Exception as error:
            # What runs too long every time would hold up the queue for ever: it fails like any other fault.
            if is_passing(error) and not ran_too_long(error):
                raise Unavailable(str(error)) from error
            if len(envelopes) == 1:
                return [self._failed(envelopes[0], error)]
        return [failure for envelope in envelopes for failure in await self._take([envelope])]

    async def _handle(self, envelopes: Sequence[Envelope]) -> list[Failure]:
        first = envelopes[0]
        with continued(first.cause.traceparent, f"receive {first.type}"):
            async with self.work(cause=first.as_cause) as work:
                heeded = await self._heeded(work, {envelope.type for envelope in envelopes})
                opened, failures = _open_all([one for one in envelopes if one.type in heeded])
                events = await self._claim(work, opened)
                for subscription in self.service.subscriptions:
                    mine = [event for event in events if event.type in subscription.types]
                    if mine:
                        work.cause = first.as_cause
                        with self.metrics.handled(subscription.name, len(mine)):
                            await subscription.handle(mine, work)
        return failures

    async def _heeded(self, work: Work, types: set[str]) -> set[str]:
        # A type that no handler names came by a binding of old: it is opened, and found known or unreadable.
        heeded = types - self.service.types
        for subscription in self.service.subscriptions:
            mine = types & subscription.types
            if mine and subscription.heed is not None:
                mine &= await subscription.heed(work)
            heeded |= mine
        return heeded

    async def _claim(self, work: Work, opened: Sequence[tuple[Envelope, Event]]) -> list[Event]:
        new = await inbox.claim(work.session, self.service.inbox, [envelope.id for envelope, _ in opened])
        events: list[Event] = []
        for envelope, event in opened:
            if envelope.id in new:
                new.discard(envelope.id)
                events.append(event)
                work.arrived[id(event)] = envelope
        self.metrics.duplicates(len(opened) - len(events))
        return events

    def _failed(self, envelope: Envelope, error: Exception) -> Failure:
        log.warning(
            "event failed", extra={"event_id": str(envelope.id), "type": envelope.type}, exc_info=error
        )
        return Failure(envelope, f"{type(error).__name__}: {error}")


def _new_cause() -> Cause:
    return Cause(correlation_id=uuid4(), traceparent=current_traceparent())


def _open_all(envelopes: Sequence[Envelope]) -> tuple[list[tuple[Envelope, Event]], list[Failure]]:
    opened: list[tuple[Envelope, Event]] = []
    failures: list[Failure] = []
    for envelope in envelopes:
        try:
            opened.append((envelope, envelope.open()))
        except Unreadable as error:
            failures.append(Failure(envelope, str(error), poison=True))
    return opened, failures
