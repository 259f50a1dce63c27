"""The queues of RabbitMQ: declared before traffic, and again by each service that connects."""

from collections.abc import Iterable, Mapping, Sequence

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractQueue

EXCHANGE = "sanlian.events"


def events_queue(service: str) -> str:
    """Where a service's events arrive."""
    return f"{service}.events"


def dead_queue(service: str) -> str:
    """Where a service's dead letters lie."""
    return f"{service}.dead"


def retry_queue(service: str, delay_s: float) -> str:
    """Where an event waits `delay_s` seconds for its next try."""
    return f"{service}.retry.{delay_s:g}s"


async def declare_exchange(channel: AbstractChannel) -> None:
    """The one topic exchange; the routing key is the event's type."""
    await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)


async def declare_service(
    channel: AbstractChannel, service: str, types: Iterable[str], delays_s: Sequence[float]
) -> AbstractQueue:
    """Declare all queues of a service and bind them; return the one with its events."""
    await declare_exchange(channel)
    events = await _quorum(channel, events_queue(service), {})
    await _quorum(channel, dead_queue(service), {})
    for delay in delays_s:
        await _quorum(
            channel,
            retry_queue(service, delay),
            {
                "x-message-ttl": int(delay * 1000),
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": events.name,
                # At least once needs the overflow to refuse: a full queue must not drop its head.
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
    for type in sorted(types):
        await events.bind(EXCHANGE, routing_key=type)
    return events


async def declare_all(url: str, services: Mapping[str, Iterable[str]], delays_s: Sequence[float]) -> None:
    """The init step: every service's queues stand before anybody publishes."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for service, types in services.items():
            await declare_service(channel, service, types, delays_s)


async def _quorum(channel: AbstractChannel, name: str, arguments: dict[str, str | int]) -> AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum", **arguments})
