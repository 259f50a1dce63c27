"""What a service is: a name, its tables, its handlers, and the one way in which its work is committed."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import uuid4

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from shared import idempotency, inbox, letters, outbox
from shared.auth import Caller
from shared.bus import RETRY_DELAYS_S, Failure, Unavailable
from shared.clock import Clock
from shared.db import Database, is_passing, ran_too_long
from shared.envelope import Cause, Envelope, Packed, Unreadable, seal
from shared.errors import Forbidden, Stale
from shared.events import Event
from shared.telemetry import Metrics, continued, current_traceparent

log = logging.getLogger(__name__)

T = TypeVar("T")
E = TypeVar("E", bound=Event)
Handler = Callable[[E, "Work"], Awaitable[None]]
BatchHandler = Callable[[Sequence[E], "Work"], Awaitable[None]]


@dataclass(slots=True)
class Work:
    """One transaction's worth of work: its session, the moment it happens at, and the events it leaves.

    `now` is the same for the whole of it. `caller` is nobody where an event is the reason.
    What stands in `afterwards` is called once the commit is done, and must neither wait nor fail.
    """

    session: AsyncSession
    host: "Host"
    now: datetime
    caller: Caller | None = None
    cause: Cause = field(default_factory=lambda: Cause(correlation_id=uuid4()))
    expected_version: int | None = None
    area_checked: bool = False
    emitted: list[Packed] = field(default_factory=list)
    arrived: dict[int, Envelope] = field(default_factory=dict)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def emit(self, event: Event, *, because: Event | None = None) -> None:
        """Leave a fact behind; it is stored beside the change and published after the commit.

        A batch handler names the event that it answers with `because`; elsewhere the cause is known.
        Raises `TypeError` for an event that another service owns.
        """
        if event.owner != self.host.service.name:
            raise TypeError(f"{self.host.service.name} may not emit {event.type}: {event.owner} owns it")
        arrived = self.arrived.get(id(because))
        cause = self.cause if arrived is None else arrived.as_cause
        self.emitted.append(seal(event, occurred_at=self.now, cause=cause))

    def envelope(self, event: Event) -> Envelope:
        """How an event that a handler was given came here: its id, its moment, its chain of causes."""
        return self.arrived[id(event)]

    def part(self, kind: type[T]) -> T:
        """The service's own long-lived object of that type (rules, maps, keys), given at start-up."""
        return cast(T, self.host.parts[kind])

    def actor(self) -> Caller:
        """Who does this. Raises `Forbidden` where it is nobody."""
        if self.caller is None:
            raise Forbidden("this needs a caller")
        return self.caller

    def permit(self, area_code: str) -> None:
        """Raise `Forbidden` unless the caller's areas cover this one."""
        self.area_checked = True
        if not self.actor().covers(area_code):
            raise Forbidden(f"area {area_code} is not yours")

    def permit_own(self, subject: str | None) -> None:
        """Raise `Forbidden` unless the record belongs to the caller."""
        self.area_checked = True
        if subject is None or self.actor().subject != subject:
            raise Forbidden("this record is not yours")

    def areas(self) -> tuple[str, ...]:
        """The area prefixes to which a list must be cut."""
        self.area_checked = True
        return self.actor().areas

    def expect(self, version: int) -> None:
        """Raise `Stale` where the request's `If-Match` names another version than the record has."""
        if self.expected_version is not None and self.expected_version != version:
            raise Stale(f"you read version {self.expected_version}, it is now version {version}")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler and the event types it answers."""

    name: str
    types: frozenset[str]
    handle: BatchHandler[Any]


class Service:
    """A name, its tables and its handlers; `Host` puts it to work."""

    def __init__(self, name: str, metadata: MetaData) -> None:
        self.name, self.metadata = name, metadata
        self.outbox = outbox.outbox_table(metadata)
        self.inbox = inbox.inbox_table(metadata)
        self.letters = letters.letters_table(metadata)
        self.answers = idempotency.answers_table(metadata)
        self.subscriptions: list[Subscription] = []

    @property
    def types(self) -> frozenset[str]:
        """Every event type that some handler answers."""
        return frozenset().union(*(one.types for one in self.subscriptions))

    def on(self, *events: type[E]) -> Callable[[Handler[E]], Handler[E]]:
        """Register a handler that takes one event at a time."""

        def register(handler: Handler[E]) -> Handler[E]:
            async def one_by_one(batch: Sequence[E], work: Work) -> None:
                for event in batch:
                    work.cause = work.envelope(event).as_cause
                    await handler(event, work)

            self._subscribe(handler.__name__, events, one_by_one)
            return handler

        return register

    def on_batch(self, *events: type[E]) -> Callable[[BatchHandler[E]], BatchHandler[E]]:
        """Register a handler that takes all events of these types in a batch at once, in order of arrival."""

        def register(handler: BatchHandler[E]) -> BatchHandler[E]:
            self._subscribe(handler.__name__, events, handler)
            return handler

        return register

    def _subscribe(self, name: str, events: Iterable[type[Event]], handle: BatchHandler[Any]) -> None:
        self.subscriptions.append(Subscription(name, frozenset(event.type for event in events), handle))


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
        wake: Callable[[], None] = lambda: None,
        tries: int = len(RETRY_DELAYS_S) + 1,
    ) -> None:
        self.service, self.database, self.clock, self.metrics = service, database, clock, metrics
        self.parts, self.wake, self._tries = dict(parts or {}), wake, tries

    @asynccontextmanager
    async def work(self, *, caller: Caller | None = None, cause: Cause | None = None) -> AsyncGenerator[Work]:
        """One unit of work: what the block did and what it emitted are committed together, or neither."""
        async with self.database.transaction() as session:
            work = Work(session, self, self.clock.now(), caller, cause or _new_cause())
            yield work
            await outbox.store(session, self.service.outbox, work.emitted)
        if work.emitted:
            self.wake()
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
        opened, failures = _open_all(envelopes)
        try:
            await self._handle(opened)
        except Exception as error:
            # What runs too long every time would hold up the queue for ever: it fails like any other fault.
            if is_passing(error) and not ran_too_long(error):
                raise Unavailable(str(error)) from error
            if len(opened) == 1:
                failures.append(self._failed(opened[0][0], error))
            else:
                for envelope, _ in opened:
                    failures.extend(await self._take([envelope]))
        return failures

    async def _handle(self, opened: Sequence[tuple[Envelope, Event]]) -> None:
        if not opened:
            return
        first = opened[0][0]
        with continued(first.cause.traceparent, f"receive {first.type}"):
            async with self.work(cause=first.as_cause) as work:
                new = await inbox.claim(work.session, self.service.inbox, [e.id for e, _ in opened])
                events: list[Event] = []
                for envelope, event in opened:
                    if envelope.id in new:
                        new.discard(envelope.id)
                        events.append(event)
                        work.arrived[id(event)] = envelope
                self.metrics.duplicates(len(opened) - len(events))
                for subscription in self.service.subscriptions:
                    mine = [event for event in events if event.type in subscription.types]
                    if mine:
                        work.cause = first.as_cause
                        with self.metrics.handled(subscription.name, len(mine)):
                            await subscription.handle(mine, work)

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
