"""The queues of RabbitMQ: declared before traffic, and again by each service that connects."""

from collections.abc import Iterable, Mapping, Sequence

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractQueue

from shared.bus.link import connect

EXCHANGE = "sanlian.events"
# How often a message may come back because its taker vanished. RabbitMQ 4 drops it after 20 times unless told
# otherwise, and a broker that restarts often must cost no event; one that kills its taker must end somewhere.
DELIVERY_LIMIT = 100
# Looking at a dead letter is a delivery too, and may happen as often as somebody likes.
UNLIMITED = 2**31 - 1
# At least once needs the overflow to refuse: a full queue must not drop its head.
_NEVER_LOST = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}


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
    dead = await _quorum(channel, dead_queue(service), {"x-delivery-limit": UNLIMITED})
    onwards = _onwards(dead.name)
    events = await _quorum(channel, events_queue(service), {"x-delivery-limit": DELIVERY_LIMIT, **onwards})
    for delay in delays_s:
        home = {"x-message-ttl": int(delay * 1000), **_onwards(events.name)}
        await _quorum(channel, retry_queue(service, delay), home)
    for type in sorted(types):
        await events.bind(EXCHANGE, routing_key=type)
    return events


async def declare_all(url: str, services: Mapping[str, Iterable[str]], delays_s: Sequence[float]) -> None:
    """The init step: every service's queues stand before anybody publishes."""
    async with await connect(url, "topology") as connection:
        channel = await connection.channel()
        for service, types in services.items():
            await declare_service(channel, service, types, delays_s)


def _onwards(queue: str) -> dict[str, str | int]:
    """Where a message goes when its time or its tries are over: straight into another queue."""
    return {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue, **_NEVER_LOST}


async def _quorum(channel: AbstractChannel, name: str, arguments: dict[str, str | int]) -> AbstractQueue:
    return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum", **arguments})
