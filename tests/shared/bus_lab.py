"""Both buses behind one door, so that one suite holds them to the same promises."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import aio_pika
from sqlalchemy import MetaData

from shared.bus import Bus, DeadLetter, Receive
from shared.bus.memory import MemoryBus, MemoryDeadLetters
from shared.bus.rabbit import RabbitBus
from shared.bus.topology import dead_queue, events_queue
from shared.clock import SystemClock
from shared.db import Database, new_metadata
from shared.letters import Letters, letters_table
from tests.shared.toys import eventually

DELAYS_S = (0.1, 0.2)


class Lab:
    """One bus of either kind, the services that stand on it, and a look at what they could not take."""

    def __init__(self, folder: Path, amqp_url: str | None) -> None:
        self.amqp_url, self._folder = amqp_url, folder
        self.clock = SystemClock()
        self._metadata: MetaData = new_metadata()
        self._table = letters_table(self._metadata)
        self._letters: dict[str, Letters] = {}
        self._databases: list[Database] = []
        self._buses: list[Bus] = []
        self.bus: Bus = self.new_bus()

    def new_bus(self, name: str = "lab") -> Bus:
        """A bus as another process would make it (in memory there is but one process, and one bus)."""
        made: Bus
        if self.amqp_url is None:
            made = self._buses[0] if self._buses else MemoryBus(self.clock, delays_s=DELAYS_S, sweep_s=0.02)
        else:
            made = RabbitBus(self.amqp_url, name=name, delays_s=DELAYS_S, publish_timeout_s=5)
        self._buses.append(made)
        return made

    async def subscribe(
        self, service: str, types: Iterable[str], receive: Receive, *, on: Bus | None = None
    ) -> None:
        """Put a service on the bus, and return when it takes events."""
        bus = on or self.bus
        if isinstance(bus, MemoryBus):
            bus.keep_letters(await self.letters(service))
        await bus.subscribe(service, types, receive)
        await bus.start()
        await eventually(lambda: bus.is_ready)

    async def letters(self, service: str) -> Letters:
        """The letters of a service on the memory bus."""
        if service not in self._letters:
            database = Database(f"sqlite+aiosqlite:///{self._folder / service}.db")
            self._databases.append(database)
            async with database.engine.begin() as connection:
                await connection.run_sync(self._metadata.create_all)
            self._letters[service] = Letters(service, database, self._table)
        return self._letters[service]

    async def dead(self, service: str) -> Sequence[DeadLetter]:
        """The dead letters of a service; they stay where they are."""
        if self.amqp_url is None:
            return await MemoryDeadLetters(self.clock, [await self.letters(service)]).list(service)
        return await look_at_dead(self.amqp_url, service)

    async def close(self) -> None:
        """Close whatever the lab opened."""
        for bus in self._buses:
            await bus.close()
        for database in self._databases:
            await database.close()


async def look_at_dead(url: str, service: str) -> list[DeadLetter]:
    """Read a dead letter queue and leave it as it was."""
    found: list[DeadLetter] = []
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(dead_queue(service), passive=True)
        while (message := await queue.get(fail=False)) is not None:
            reason = str(message.headers.get("reason"))
            id = message.message_id or ""
            found.append(DeadLetter(service, id, message.type or "", reason, message.timestamp, message.body))
    return found


async def send_raw(url: str, service: str, body: bytes, **properties: object) -> None:
    """Put bytes of a stranger straight into a service's queue."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        make: Callable[..., aio_pika.Message] = aio_pika.Message
        await channel.default_exchange.publish(make(body, **properties), routing_key=events_queue(service))
