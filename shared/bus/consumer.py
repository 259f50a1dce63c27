"""One service's queue: gathered in batches, acknowledged after the commit, failures sent up the ladder."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from shared.bus import BATCH, Failure, Receive, Unavailable, short
from shared.bus.topology import dead_queue, declare_service, retry_queue
from shared.envelope import SINGLE, Envelope, Unreadable, unpack
from shared.pace import Pace

log = logging.getLogger(__name__)

Forward = Callable[[aio_pika.Message, str], Awaitable[None]]


class Arrived(asyncio.Queue[AbstractIncomingMessage | None]):
    """Messages in the order of their tags; None only wakes the taker, who then looks whether to go on."""

    def at_hand(self) -> AbstractIncomingMessage | None:
        """The next message, if there is one already."""
        return None if self.empty() else self.get_nowait()


class Consumer:
    """Hands a service its events. `session` is what a `Link` keeps running."""

    def __init__(
        self,
        service: str,
        types: frozenset[str],
        receive: Receive,
        *,
        forward: Forward,
        delays_s: Sequence[float],
        prefetch: int,
    ) -> None:
        self._service, self._types, self._receive = service, types, receive
        self._forward, self._delays, self._prefetch = forward, tuple(delays_s), prefetch
        self._stopping = False
        self._arrived = Arrived()
        self._pace = Pace()
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_consuming = False

    async def drain(self) -> None:
        """Take no further batch, and return when the one that was begun is acknowledged."""
        self._stopping = True
        self._arrived.put_nowait(None)
        await self._idle.wait()

    async def session(self, connection: AbstractConnection) -> None:
        """Consume on this connection until it is of no more use; after `drain`, take nothing from it."""
        self._arrived = arrived = Arrived()
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=self._prefetch)
        ended = await _end_of(channel)
        ended.add_done_callback(lambda _: arrived.put_nowait(None))
        queue = await declare_service(channel, self._service, self._types, self._delays)
        await queue.consume(arrived.put)
        self.is_consuming = True
        try:
            while not self._stopping and not ended.done():
                first = await arrived.get()
                if first is not None:
                    await self._take(first, arrived)
            await ended
            raise ConnectionResetError("the channel or its consumer was closed")
        finally:
            self.is_consuming = False

    async def _take(self, first: AbstractIncomingMessage, arrived: Arrived) -> None:
        self._idle.clear()
        try:
            async with self._pace.turn():
                last, envelopes = first, await self._read(first)
                while len(envelopes) < BATCH and (following := arrived.at_hand()) is not None:
                    last = following
                    envelopes.extend(await self._read(last))
                self._pace.full = len(envelopes) >= BATCH
                for failure in await self._receive_when_possible(envelopes):
                    await self._send_up(failure)
                # One ack for all that came before: messages are taken in the order of their tags.
                await last.ack(multiple=True)
        finally:
            self._idle.set()

    async def _read(self, message: AbstractIncomingMessage) -> list[Envelope]:
        try:
            return unpack(message.body, attempt=_attempt(message))
        except Unreadable as error:
            log.error("unreadable message", extra={"queue": dead_queue(self._service)}, exc_info=error)
            letter = _dead(message.body, message.message_id, message.type, str(error))
            await self._forward(letter, dead_queue(self._service))
            return []

    async def _receive_when_possible(self, envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        pause = 0.1
        while True:
            try:
                return await self._receive(envelopes) if envelopes else ()
            except Unavailable as error:
                if self._stopping:
                    # Nothing was touched: the events go back to the queue, for another process to take.
                    raise
                # The ladder is for broken events; a database that is away is no fault of theirs.
                log.warning("%s waits for its database: %s", self._service, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _send_up(self, failure: Failure) -> None:
        envelope = failure.envelope
        if failure.poison or envelope.attempt > len(self._delays):
            log.error("dead letter", extra={"event_id": str(envelope.id), "reason": failure.reason})
            message = _dead(envelope.pack().body, str(envelope.id), envelope.type, failure.reason)
            await self._forward(message, dead_queue(self._service))
            return
        message = aio_pika.Message(
            envelope.pack().body,
            content_type=SINGLE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=str(envelope.id),
            type=envelope.type,
            headers={"attempt": envelope.attempt + 1, "reason": short(failure.reason)},
        )
        await self._forward(message, retry_queue(self._service, self._delays[envelope.attempt - 1]))


async def _end_of(channel: AbstractChannel) -> "asyncio.Future[object]":
    """Done when the channel closes, or when the broker takes the consumer away from under it."""
    ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def end(_: object) -> None:
        if not ended.done():
            ended.set_result(None)

    # A deleted queue, or the loss of the node that led it, cancels the consumer and leaves the channel open.
    (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(end)
    asyncio.ensure_future(channel.closed()).add_done_callback(end)
    return ended


def _attempt(message: AbstractIncomingMessage) -> int:
    """Which try this is, by the header that we wrote; whatever else stands there is the first."""
    attempt = message.headers.get("attempt")
    return attempt if isinstance(attempt, int) and attempt > 1 else 1


def _dead(body: bytes, id: str | None, type: str | None, reason: str) -> aio_pika.Message:
    return aio_pika.Message(
        body,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=id,
        type=type,
        timestamp=datetime.now(UTC),
        headers={"reason": short(reason)},
    )
