"""The dead letters on RabbitMQ: looked at without being taken, replayed with the broker's confirmation."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from shared.bus import DeadLetter, Unavailable
from shared.bus.link import BROKEN, connect
from shared.bus.topology import dead_queue, events_queue
from shared.envelope import SINGLE, Unreadable, unpack


class RabbitDeadLetters:
    """The operator's view of the `<service>.dead` queues; each call connects anew. Raises `Unavailable`."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def list(self, service: str, *, limit: int = 100) -> Sequence[DeadLetter]:
        """The oldest first. Nothing is taken: the broker puts all back when the channel closes."""
        async with self._channel() as channel:
            return [_letter(service, message) for message in await _take(channel, service, limit)]

    async def replay(self, service: str, ids: Sequence[str] | None = None) -> int:
        """Give them (or all) back to the service as new, and say how many.

        Each is acknowledged after the service's queue holds it: a crash in between leaves it twice, which
        the inbox makes harmless, and never leaves it nowhere.
        """
        async with self._channel() as channel:
            chosen = await _chosen(channel, service, ids)
            for message in chosen:
                again = aio_pika.Message(
                    message.body,
                    content_type=SINGLE,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    type=message.type,
                )
                await channel.default_exchange.publish(again, events_queue(service), mandatory=True)
                await message.ack()
            return len(chosen)

    async def drop(self, service: str, ids: Sequence[str] | None = None) -> int:
        """Forget them (or all), and say how many."""
        async with self._channel() as channel:
            chosen = await _chosen(channel, service, ids)
            for message in chosen:
                await message.ack()
            return len(chosen)

    @asynccontextmanager
    async def _channel(self) -> AsyncGenerator[AbstractChannel]:
        try:
            async with (
                await connect(self._url, "dead letters") as connection,
                connection.channel(on_return_raises=True) as channel,
            ):
                yield channel
        except BROKEN as error:
            raise Unavailable(f"RabbitMQ did not do it: {error!r}") from error


async def _chosen(
    channel: AbstractChannel, service: str, ids: Sequence[str] | None
) -> list[AbstractIncomingMessage]:
    found = await _take(channel, service, None)
    wanted = None if ids is None else set(ids)
    return [message for message in found if wanted is None or _identity(message) in wanted]


async def _take(channel: AbstractChannel, service: str, limit: int | None) -> list[AbstractIncomingMessage]:
    queue = await channel.get_queue(dead_queue(service))
    # Those that die while we look are for the next look.
    count = queue.declaration_result.message_count or 0
    wanted = count if limit is None else min(count, limit)
    taken = [await queue.get(fail=False) for _ in range(wanted)]
    # Somebody else may have looked at the same time and have some of them.
    return [message for message in taken if message is not None]


def _letter(service: str, message: AbstractIncomingMessage) -> DeadLetter:
    # The broker itself gives up on what came back too often, and names that in a header of its own.
    reason = message.headers.get("reason") or message.headers.get("x-first-death-reason", "")
    return DeadLetter(
        service, _identity(message), message.type or "", str(reason), message.timestamp, message.body
    )


def _identity(message: AbstractIncomingMessage) -> str:
    """The event's id; what cannot be read has none, and is known by what it looks like."""
    try:
        return str(unpack(message.body)[0].id)
    except (Unreadable, IndexError):
        return f"sha256:{sha256(message.body).hexdigest()[:32]}"
