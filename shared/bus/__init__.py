"""What services see of the broker: publish confirmed, receive at least once, in batches."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.envelope import Envelope, Packed

RETRY_DELAYS_S = (1, 10, 60, 600)
# How many events one transaction takes at the most; past this the gain is small and the rollback dear
# (whole road, measured: 970 reports/s with 100, 990 to 1,080 with 250).
BATCH = 250


class Unavailable(Exception):
    """The broker or the database is away; the same work can be tried again unchanged."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that its handler could not take; poison goes to the dead letters without another try."""

    envelope: Envelope
    reason: str
    poison: bool = False


def short(reason: str) -> str:
    """A reason as it is kept beside an event: at most 500 characters, and whole ones (no lone surrogates)."""
    return reason[:500].encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was given up, with the reason of the last failure."""

    service: str
    id: str
    type: str
    reason: str
    died_at: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """An event to try again at `due_at`; `attempt` is the number of the coming try (the first is 1)."""

    message: Packed
    attempt: int
    due_at: datetime
    reason: str
    is_dead: bool = False


# Returns the failures among the events; all others are done. Raises `Unavailable` when none was touched.
Receive = Callable[[Sequence[Envelope]], Awaitable[Sequence[Failure]]]


class Bus(Protocol):
    """At least once, in any order; a publisher's events of one type arrive mostly in order."""

    async def start(self) -> None:
        """Connect in the background; publishing waits for the connection."""

    async def publish(self, messages: Sequence[Packed]) -> None:
        """Return once every event is kept by the broker. Raises `Unavailable`; then any of them may be."""

    async def subscribe(self, service: str, types: Iterable[str], receive: Receive) -> None:
        """Hand each event of these types to `receive`, until `close`."""

    async def rest(self) -> None:
        """Take no more events, and finish those begun; publishing goes on."""

    async def close(self) -> None:
        """Rest, and disconnect."""

    @property
    def is_ready(self) -> bool:
        """Whether events can flow now."""


class DeadLetters(Protocol):
    """The dead letters of a service, for the operator's tools."""

    async def list(self, service: str, *, limit: int = 100) -> Sequence[DeadLetter]:
        """The oldest first."""

    async def replay(self, service: str, ids: Sequence[str] | None = None) -> int:
        """Give them (or all) back to the service as new, and say how many."""

    async def drop(self, service: str, ids: Sequence[str] | None = None) -> int:
        """Forget them (or all), and say how many."""


class LetterBox(Protocol):
    """Where a bus without a broker keeps what a service could not take."""

    service: str

    async def keep(self, letters: Sequence[Letter]) -> None:
        """Store them, each in place of what was known of the same event."""

    async def due(self, now: datetime, *, limit: int = 100) -> Sequence[Letter]:
        """Those whose time has come, the longest due first."""

    async def forget(self, ids: Sequence[UUID]) -> int:
        """Drop letters by event id, and say how many there were."""

    async def dead(self, *, limit: int = 100) -> Sequence[DeadLetter]:
        """The dead letters, the oldest first."""

    async def revive(self, now: datetime, ids: Sequence[UUID] | None) -> int:
        """Make dead letters (or all) due now, as if for the first time, and say how many."""
