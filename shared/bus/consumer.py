"""One service's queue: gathered in batches, acknowledged after the commit, failures sent up the ladder."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from shared.bus import BATCH, Failure, Receive, Unavailable
from shared.bus.topology import dead_queue, declare_service, retry_queue
from shared.envelope import SINGLE, Envelope, Unreadable, unpack

log = logging.getLogger(__name__)

Forward = Callable[[aio_pika.Message, str], Awaitable[None]]


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
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_consuming = False

    async def drain(self) -> None:
        """Take no further batch, and return when the one that was begun is acknowledged."""
        self._stopping.set()
        await self._idle.wait()

    async def session(self, connection: AbstractConnection) -> None:
        """Consume on this connection until a channel breaks or `drain` is called."""
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=self._prefetch)
        queue = await declare_service(channel, self._service, self._types, self._delays)
        arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await queue.consume(arrived.put)
        self.is_consuming = True
        broken = asyncio.ensure_future(channel.closed())
        try:
            while not self._stopping.is_set():
                first = asyncio.ensure_future(arrived.get())
                stopping = asyncio.ensure_future(self._stopping.wait())
                await asyncio.wait({first, stopping, broken}, return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if broken.done():
                    raise ConnectionResetError("the channel was closed")
                if not first.done():
                    first.cancel()
                    continue
                await self._take(first.result(), arrived)
            # Drained: keep the connection until the owner closes it; nothing more is taken from it.
            await broken
        finally:
            self.is_consuming = False
            broken.cancel()

    async def _take(
        self, first: AbstractIncomingMessage, arrived: "asyncio.Queue[AbstractIncomingMessage]"
    ) -> None:
        self._idle.clear()
        try:
            last, envelopes = first, await self._read(first)
            while len(envelopes) < BATCH and not arrived.empty():
                last = arrived.get_nowait()
                envelopes.extend(await self._read(last))
            for failure in await self._receive_when_possible(envelopes):
                await self._send_up(failure)
            # One ack for all that came before: messages are taken in the order of their tags.
            await last.ack(multiple=True)
        finally:
            self._idle.set()

    async def _read(self, message: AbstractIncomingMessage) -> list[Envelope]:
        attempt = message.headers.get("attempt", 1)
        try:
            return unpack(message.body, attempt=attempt if isinstance(attempt, int) else 1)
        except Unreadable as error:
            log.error("unreadable message", extra={"queue": dead_queue(self._service)}, exc_info=error)
            await self._forward(_dead(message.body, message.type, str(error)), dead_queue(self._service))
            return []

    async def _receive_when_possible(self, envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        pause = 0.1
        while True:
            try:
                return await self._receive(envelopes) if envelopes else ()
            except Unavailable as error:
                # The ladder is for broken events; a database that is away is no fault of theirs.
                log.warning("%s waits for its database: %s", self._service, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _send_up(self, failure: Failure) -> None:
        envelope = failure.envelope
        if failure.poison or envelope.attempt > len(self._delays):
            log.error("dead letter", extra={"event_id": str(envelope.id), "reason": failure.reason})
            message = _dead(envelope.pack().body, envelope.type, failure.reason)
            await self._forward(message, dead_queue(self._service))
            return
        message = aio_pika.Message(
            envelope.pack().body,
            content_type=SINGLE,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            message_id=str(envelope.id),
            type=envelope.type,
            headers={"attempt": envelope.attempt + 1, "reason": failure.reason[:500]},
        )
        await self._forward(message, retry_queue(self._service, self._delays[envelope.attempt - 1]))


def _dead(body: bytes, type: str | None, reason: str) -> aio_pika.Message:
    return aio_pika.Message(
        body,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        type=type,
        timestamp=datetime.now(UTC),
        headers={"reason": reason[:500]},
    )
