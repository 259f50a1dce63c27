"""Relay: outbox to broker, confirmed; beside it a raw socket that publishes events of the same size.

The three forms that were weighed for ADR 0004 are measured too: one message an event (`gather`), and
what we do, the events of one type together in one message.
"""

import asyncio
import time

import aio_pika
from uuid_utils.compat import uuid7

from bench.harness import Ground, ground, note, run, running, say
from services.grid.app import PLAN
from shared import outbox
from shared.bus.rabbit import RabbitBus
from shared.bus.topology import EXCHANGE, declare_all
from shared.envelope import Packed
from shared.runtime import Runtime

EVENTS = 30_000
PAYLOAD = b'{"specversion":"1.0","data":"' + b"x" * 990 + b'"}'
TYPES = ("grid.issue.located.v1", "grid.assignment.proposed.v1")


async def main() -> None:
    """Measure and print."""
    with ground() as servers:
        limit = await asyncio.to_thread(servers.publishes_per_second, PAYLOAD)
        await declare_all(servers.amqp_url, {"bench": TYPES}, (1,))
        bus = RabbitBus(servers.amqp_url, name="bench")
        await bus.start()
        async with running(PLAN, servers.database("grid"), bus=bus) as runtime:
            await _fill(runtime)
            began = time.perf_counter()
            await runtime.relay.drain()
            rate = EVENTS / (time.perf_counter() - began)
        await bus.close()
        say("relay_events", rate, "events/s", rate / limit)
        note(f"raw socket {limit:,.0f}/s; aio-pika one message an event {await _gathered(servers):,.0f}/s")


async def _fill(runtime: Runtime) -> None:  # type: ignore[type-arg]
    for start in range(0, EVENTS, 1000):
        waiting = [Packed(id=uuid7(), type=TYPES[n % 2], body=PAYLOAD) for n in range(start, start + 1000)]
        async with runtime.database.transaction() as session:
            await outbox.store(session, runtime.plan.service.outbox, waiting)


async def _gathered(servers: Ground, count: int = 10_000) -> float:
    async with await aio_pika.connect(servers.amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(EXCHANGE)
        message = aio_pika.Message(PAYLOAD, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        began = time.perf_counter()
        for _ in range(count // 100):
            publishes = (exchange.publish(message, routing_key=TYPES[0], mandatory=False) for _ in range(100))
            await asyncio.gather(*publishes)
        return count / (time.perf_counter() - began)


if __name__ == "__main__":
    run(main)
