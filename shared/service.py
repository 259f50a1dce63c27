"""What a service is: a name, its tables and its handlers, and the unit in which it works."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from shared import idempotency, inbox, letters, outbox
from shared.auth import Caller
from shared.envelope import Cause, Envelope, Packed, seal
from shared.errors import Forbidden, Stale
from shared.events import Event

if TYPE_CHECKING:
    from shared.host import Host

T = TypeVar("T")
E = TypeVar("E", bound=Event)
Handler = Callable[[E, "Work"], Awaitable[None]]
BatchHandler = Callable[[Sequence[E], "Work"], Awaitable[None]]


@dataclass(slots=True)
class Work:
    """One transaction's worth of work: its session, the moment it happens at, and the events it leaves.

    `now` is the same for the whole of it. `caller` is nobody where an event is the reason.
    What stands in `afterwards` is called once the commit is done, and must neither wait nor fail.
    `found` is for what one step of the work read and a later one needs too.
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
    found: dict[object, Any] = field(default_factory=dict)

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


# Which event types matter to a handler at the moment.
Heed = Callable[["Work"], Awaitable[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler and the event types it answers; where there is a `heed`, those alone that it names."""

    name: str
    types: frozenset[str]
    handle: BatchHandler[Any]
    heed: Heed | None = None


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

    def on_batch(
        self, *events: type[E], heed: Heed | None = None
    ) -> Callable[[BatchHandler[E]], BatchHandler[E]]:
        """Register a handler that takes all events of these types in a batch at once, in order of arrival.

        With `heed` it is asked for each batch which types matter now; an event that matters to no handler
        is let go unopened, and leaves no trace.
        """

        def register(handler: BatchHandler[E]) -> BatchHandler[E]:
            self._subscribe(handler.__name__, events, handler, heed)
            return handler

        return register

    def _subscribe(
        self,
        name: str,
        events: Iterable[type[Event]],
        handle: BatchHandler[Any],
        heed: Heed | None = None,
    ) -> None:
        types = frozenset(event.type for event in events)
        self.subscriptions.append(Subscription(name, types, handle, heed))
