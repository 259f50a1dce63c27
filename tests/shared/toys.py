"""What the kernel's tests share: real contracts to play with, listeners that fail on demand, patience."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from shared.bus import Failure, Unavailable
from shared.envelope import Cause, Envelope, Packed, seal, unpack
from shared.events import Event
from shared.events.grid import AssignmentProposed, AssignmentSnapshot, IssueLocated, PlacementSnapshot
from tests.patience import PATIENCE_S

NOW = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
AREA = "620102014006001"
LOCATED = "grid.issue.located.v1"
PROPOSED = "grid.assignment.proposed.v1"


def located(method: str = "point", *, id: UUID | None = None, version: int = 1) -> IssueLocated:
    """A short event of grid; `method` is free text to tell one from another."""
    return IssueLocated(
        placement=PlacementSnapshot(id=id or uuid4(), version=version, area_code=AREA, method=method)
    )


def proposed(role: str = "leader") -> AssignmentProposed:
    """Another event of grid."""
    return AssignmentProposed(
        assignment=AssignmentSnapshot(
            id=uuid4(), version=1, issue_id=uuid4(), round=0, area_code=AREA, handler=None, role=role,
            level=1, reasons=("head",),
        )
    )  # fmt: skip


def packed(event: Event | None = None) -> Packed:
    """An event as it lies in an outbox."""
    return seal(event or located(), occurred_at=NOW, cause=Cause(correlation_id=uuid4()))


def enveloped(event: Event | None = None, *, cause: Cause | None = None) -> Envelope:
    """An event as it comes off the wire."""
    why = cause or Cause(correlation_id=uuid4())
    return unpack(seal(event or located(), occurred_at=NOW, cause=why).body)[0]


class Listener:
    """Stands in for a service: notes what it gets, fails what it is told to fail."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID, int]] = []
        self.batches: list[int] = []
        self.failing: dict[UUID, int] = {}
        self.poison: set[UUID] = set()
        self.away = 0

    async def __call__(self, envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        """Be a `Receive`: `away` is how many calls find no database, `failing` how often an event fails."""
        if self.away:
            self.away -= 1
            raise Unavailable("the database is away")
        self.batches.append(len(envelopes))
        failures = []
        for envelope in envelopes:
            self.seen.append((envelope.id, envelope.attempt))
            if envelope.id in self.poison:
                failures.append(Failure(envelope, "never", poison=True))
            elif self.failing.get(envelope.id, 0) > 0:
                self.failing[envelope.id] -= 1
                failures.append(Failure(envelope, f"no, said try {envelope.attempt}"))
        return failures

    @property
    def ids(self) -> set[UUID]:
        """The events that came at least once."""
        return {id for id, _ in self.seen}

    def attempts(self, message: Packed) -> list[int]:
        """The numbers of the tries of one event, in the order in which they came."""
        return [attempt for id, attempt in self.seen if id == message.id]

    async def has(self, messages: Iterable[Packed], *, seconds: float = PATIENCE_S) -> None:
        """Wait until all of these have come."""
        wanted = {message.id for message in messages}
        await eventually(lambda: wanted <= self.ids, seconds=seconds)


async def eventually(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]],
    *,
    seconds: float = PATIENCE_S,
    every_s: float = 0.01,
) -> None:
    """Return as soon as the condition holds; fail when it does not within the bound."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(every_s)
