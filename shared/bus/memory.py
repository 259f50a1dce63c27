"""The bus inside one process: an event counts as published when every subscriber has done with it.

"Done" means committed, or kept among the subscriber's own letters for another try. So the outbox row
outlives a kill at any line, and the embedded footing loses as little as the distributed one.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from shared.bus import (
    BATCH,
    RETRY_DELAYS_S,
    DeadLetter,
    Failure,
    Letter,
    LetterBox,
    Receive,
    Unavailable,
    short,
)
from shared.clock import Clock
from shared.envelope import Packed, unpack

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Subscriber:
    types: frozenset[str]
    receive: Receive
    letters: LetterBox


class MemoryBus:
    """All services of one process on one bus. Subscribers' letters must be given before they subscribe."""

    def __init__(
        self, clock: Clock, *, delays_s: Sequence[float] = RETRY_DELAYS_S, sweep_s: float = 0.25
    ) -> None:
        self._clock, self._delays, self._sweep_s = clock, tuple(delays_s), sweep_s
        self._letters: dict[str, LetterBox] = {}
        self._subscribers: dict[str, _Subscriber] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._resting = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """A call inside the process is always possible."""
        return True

    def keep_letters(self, letters: LetterBox) -> None:
        """Say where a service keeps what it could not take."""
        self._letters[letters.service] = letters

    async def start(self) -> None:
        """Begin to look after letters that are due."""
        if self._sweeper is None:
            self._resting.clear()
            self._sweeper = asyncio.create_task(self._sweep(), name="letters")

    async def rest(self) -> None:
        """Finish the look that was begun, and take no other; whatever is due waits in the databases.

        The sweeper is asked and not cancelled: cut off in a call of SQLite's, it would leave its connection.
        """
        if self._sweeper is not None:
            self._resting.set()
            await self._sweeper
            self._sweeper = None

    async def close(self) -> None:
        """Rest: there is nothing to disconnect."""
        await self.rest()

    async def subscribe(self, service: str, types: Iterable[str], receive: Receive) -> None:
        """Hand each event of these types to `receive`."""
        self._subscribers[service] = _Subscriber(frozenset(types), receive, self._letters[service])

    async def publish(self, messages: Sequence[Packed]) -> None:
        """Return once every subscriber is done. Raises `Unavailable` where one could not be asked."""
        given = (self._hand_over(one, messages) for one in self._subscribers.values())
        # All of them are heard out: a task left running would outlive the database that it works on.
        for outcome in await asyncio.gather(*given, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _hand_over(self, subscriber: _Subscriber, messages: Sequence[Packed]) -> None:
        wanted = [message for message in messages if message.type in subscriber.types]
        for start in range(0, len(wanted), BATCH):
            envelopes = [unpack(message.body)[0] for message in wanted[start : start + BATCH]]
            failures = await subscriber.receive(envelopes)
            await subscriber.letters.keep([self._letter(failure) for failure in failures])

    def _letter(self, failure: Failure) -> Letter:
        envelope, now = failure.envelope, self._clock.now()
        if failure.poison or envelope.attempt > len(self._delays):
            log.error("dead letter", extra={"event_id": str(envelope.id), "reason": failure.reason})
            return Letter(envelope.pack(), envelope.attempt, now, short(failure.reason), is_dead=True)
        due = now + timedelta(seconds=self._delays[envelope.attempt - 1])
        return Letter(envelope.pack(), envelope.attempt + 1, due, short(failure.reason))

    async def retry_due(self) -> int:
        """Try the letters whose time has come, and say how many there were."""
        return sum([await self._retry_of(subscriber) for subscriber in list(self._subscribers.values())])

    async def _retry_of(self, subscriber: _Subscriber) -> int:
        try:
            due = await subscriber.letters.due(self._clock.now(), limit=BATCH)
            if due:
                await self._try_again(subscriber, due)
        except Unavailable as error:
            # The letters of the others do not wait for this one's database.
            log.warning("letters of %s wait: %s", subscriber.letters.service, error)
            return 0
        return len(due)

    async def _try_again(self, subscriber: _Subscriber, due: Sequence[Letter]) -> None:
        envelopes = [unpack(letter.message.body, attempt=letter.attempt)[0] for letter in due]
        failures = await subscriber.receive(envelopes)
        await subscriber.letters.keep([self._letter(failure) for failure in failures])
        failed = {failure.envelope.id for failure in failures}
        await subscriber.letters.forget([one.id for one in envelopes if one.id not in failed])

    async def _sweep(self) -> None:
        while not self._resting.is_set():
            try:
                worked = await self.retry_due()
            except Exception:
                # An end would leave every letter of every service for ever.
                log.exception("letters failed, and are tried again")
                worked = 0
            if not worked:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._sweep_s):
                        await self._resting.wait()


class MemoryDeadLetters:
    """The operator's view of the letters that nobody tries any more."""

    def __init__(self, clock: Clock, letters: Iterable[LetterBox]) -> None:
        self._clock, self._letters = clock, {one.service: one for one in letters}

    async def list(self, service: str, *, limit: int = 100) -> Sequence[DeadLetter]:
        """The oldest first."""
        return await self._letters[service].dead(limit=limit)

    async def replay(self, service: str, ids: Sequence[str] | None = None) -> int:
        """Make them due at once; the sweeper of the running process takes them."""
        chosen = None if ids is None else [UUID(id) for id in ids]
        return await self._letters[service].revive(self._clock.now(), chosen)

    async def drop(self, service: str, ids: Sequence[str] | None = None) -> int:
        """Forget them (or all)."""
        chosen = [UUID(one.id) for one in await self._letters[service].dead(limit=10_000)]
        if ids is not None:
            chosen = [id for id in chosen if str(id) in ids]
        return await self._letters[service].forget(chosen)
