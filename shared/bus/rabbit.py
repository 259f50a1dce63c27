"""The bus on RabbitMQ: events of one type travel together, in the batch form of CloudEvents."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import DeliveryError

from shared.bus import BATCH, RETRY_DELAYS_S, Receive, Unavailable
from shared.bus.consumer import Consumer
from shared.bus.link import BROKEN, LONGEST_PAUSE_S, Link
from shared.bus.topology import EXCHANGE, declare_exchange
from shared.envelope import BATCH as BATCH_FORM
from shared.envelope import SINGLE, Packed, join

log = logging.getLogger(__name__)

# Keeps one message well under any broker's limit; RabbitMQ's own default is 16 MiB.
MESSAGE_BYTES = 512 * 1024


class RabbitBus:
    """One connection publishes, one consumes: a broker that holds back publishers still takes acks."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        delays_s: Sequence[float] = RETRY_DELAYS_S,
        publish_timeout_s: float = 10.0,
        prefetch: int = 100,
    ) -> None:
        self._url, self._name, self._delays, self._prefetch = url, name, tuple(delays_s), prefetch
        self._timeout_s = publish_timeout_s
        self._publisher = Link(url, f"{name} publishes", self._publish_session)
        # Set before `_connected` is, and left as they are when the connection breaks: then they refuse.
        self._exchanges: tuple[AbstractExchange, AbstractExchange]
        self._connected = asyncio.Event()
        # A broker whose disk or memory is full keeps the connection, and takes nothing from it.
        self._held_back_until = 0.0
        self._spoilt = asyncio.Event()
        self._consumers: list[tuple[Consumer, Link]] = []

    @property
    def is_ready(self) -> bool:
        """Whether the publisher is connected, nothing was held back of late, and every consumer consumes."""
        publishes = self._connected.is_set() and monotonic() >= self._held_back_until
        return publishes and all(consumer.is_consuming for consumer, _ in self._consumers)

    async def start(self) -> None:
        """Connect in the background; publishing waits for the connection."""
        self._publisher.start()

    async def rest(self) -> None:
        """Take no further batch, and return when those that were begun are acknowledged."""
        await asyncio.gather(*(consumer.drain() for consumer, _ in self._consumers))

    async def close(self) -> None:
        """Rest, and disconnect; disconnect also where the caller gives up waiting."""
        try:
            await self.rest()
        finally:
            for link in (*(link for _, link in self._consumers), self._publisher):
                await link.close()
            self._consumers.clear()

    async def subscribe(self, service: str, types: Iterable[str], receive: Receive) -> None:
        """Consume the service's queue; declared and bound first, on each connection anew."""
        consumer = Consumer(
            service,
            frozenset(types),
            receive,
            forward=self.forward,
            delays_s=self._delays,
            prefetch=self._prefetch,
        )
        link = Link(self._url, f"{self._name} consumes", consumer.session)
        self._consumers.append((consumer, link))
        link.start()

    async def publish(self, messages: Sequence[Packed]) -> None:
        """Return once the broker holds every event; an event that nobody listens to is no error."""
        async with self._exchanges_in_time() as (events, _):
            await asyncio.gather(
                *(
                    events.publish(_message(group), routing_key=group[0].type, mandatory=False)
                    for group in _groups(messages)
                )
            )

    async def forward(self, message: aio_pika.Message, queue: str) -> None:
        """Put a message straight into a queue that must be there, confirmed. Raises `Unavailable`."""
        async with self._exchanges_in_time() as (_, default):
            await default.publish(message, routing_key=queue, mandatory=True)

    @asynccontextmanager
    async def _exchanges_in_time(self) -> AsyncGenerator[tuple[AbstractExchange, AbstractExchange]]:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._connected.wait()
                yield self._exchanges
            self._held_back_until = 0.0
        except BROKEN as error:
            # Whoever was refused tries again within this time; if it is another replica, nobody here may.
            self._held_back_until = monotonic() + self._timeout_s + LONGEST_PAUSE_S * 2
            if isinstance(error, DeliveryError):
                # A channel that met a queue between two leaders may refuse for it ever after (RabbitMQ 3.10).
                self._spoilt.set()
            raise Unavailable(f"the broker did not confirm: {error!r}") from error

    async def _publish_session(self, connection: AbstractConnection) -> None:
        channel: AbstractChannel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await declare_exchange(channel)
        events = await channel.get_exchange(EXCHANGE, ensure=False)
        self._exchanges = (events, channel.default_exchange)
        self._held_back_until = 0.0
        self._spoilt.clear()
        self._connected.set()
        ends = [asyncio.ensure_future(end) for end in (channel.closed(), self._spoilt.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._connected.clear()
            for end in ends:
                end.cancel()


def _groups(messages: Sequence[Packed]) -> Iterator[list[Packed]]:
    by_type: dict[str, list[Packed]] = {}
    for message in messages:
        by_type.setdefault(message.type, []).append(message)
    for group in by_type.values():
        part: list[Packed] = []
        size = 0
        for message in group:
            if part and (len(part) == BATCH or size + len(message.body) > MESSAGE_BYTES):
                yield part
                part, size = [], 0
            part.append(message)
            size += len(message.body)
        yield part


def _message(group: Sequence[Packed]) -> aio_pika.Message:
    alone = len(group) == 1
    return aio_pika.Message(
        group[0].body if alone else join(group),
        content_type=SINGLE if alone else BATCH_FORM,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(group[0].id),
        type=group[0].type,
    )
