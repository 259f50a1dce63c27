"""Nothing lost and nothing done twice: the outbox, its relays, and the inbox."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import DBAPIError

from shared import inbox, outbox
from shared.bus import Unavailable
from shared.bus.rabbit import RabbitBus
from shared.clock import SystemClock
from shared.db import Database, new_metadata
from shared.envelope import Packed
from shared.outbox import Relay
from shared.testing import NotingBus
from tests.servers.rabbit import RabbitServer
from tests.shared.bus_lab import DELAYS_S
from tests.shared.toys import LOCATED, Listener, eventually, packed

metadata = new_metadata()
OUTBOX, INBOX = outbox.outbox_table(metadata), inbox.inbox_table(metadata)


class FaultyBus(NotingBus):
    """Refuses as often as it is told, with what it is told, also after it has taken the events."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = []
        self.takes_first = False
        self.holding: asyncio.Event | None = None

    async def publish(self, messages: Sequence[Packed]) -> None:
        if self.holding is not None:
            await self.holding.wait()
        if self.takes_first or not self.faults:
            await super().publish(messages)
        if self.faults:
            raise self.faults.pop()


@pytest.fixture
async def tables(database: Database) -> Database:
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database


async def store(database: Database, count: int) -> list[Packed]:
    messages = [packed() for _ in range(count)]
    async with database.transaction() as session:
        await outbox.store(session, OUTBOX, messages)
    return messages


async def waiting(database: Database, table: Table = OUTBOX) -> int:
    return (await outbox.backlog(database, table))[0]


async def test_events_are_published_in_their_order_and_then_forgotten(tables: Database) -> None:
    bus, counted = NotingBus(), list[int]()
    messages = await store(tables, 7)
    relay = Relay(tables, OUTBOX, bus, batch=3, published=counted.append)
    await relay.drain()
    assert bus.published == messages
    assert await waiting(tables) == 0
    assert counted == [3, 3, 1, 0]


async def test_the_backlog_tells_how_many_wait_and_since_when(tables: Database) -> None:
    assert await outbox.backlog(tables, OUTBOX) == (0, None)
    await store(tables, 2)
    count, since = await outbox.backlog(tables, OUTBOX)
    assert count == 2
    assert since is not None
    assert abs(SystemClock().now() - since) < timedelta(minutes=5)


async def test_a_missing_table_is_seen_by_a_look(database: Database, tmp_path: Path) -> None:
    with pytest.raises(DBAPIError):
        await outbox.look(database, OUTBOX)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await outbox.look(database, OUTBOX)


@pytest.mark.parametrize("takes_first", [False, True])
async def test_what_the_bus_did_not_confirm_stays_and_goes_again(tables: Database, takes_first: bool) -> None:
    bus, messages = FaultyBus(), await store(tables, 3)
    bus.faults, bus.takes_first = [Unavailable("away")], takes_first
    relay = Relay(tables, OUTBOX, bus)
    with pytest.raises(Unavailable):
        await relay.once()
    assert await waiting(tables) == 3
    assert await relay.once() == 3
    assert bus.published[-3:] == messages


async def test_a_relay_that_is_killed_while_it_publishes_loses_nothing(tables: Database) -> None:
    bus = FaultyBus()
    await store(tables, 3)
    bus.holding = asyncio.Event()
    killed = asyncio.create_task(Relay(tables, OUTBOX, bus).once())
    await asyncio.sleep(0.1)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    bus.holding = None
    assert await Relay(tables, OUTBOX, bus).once() == 3


async def test_two_relays_on_one_outbox_publish_every_event(tables: Database) -> None:
    buses = [NotingBus(), NotingBus()]
    messages = await store(tables, 200)
    await asyncio.gather(*(Relay(tables, OUTBOX, bus, batch=20).drain() for bus in buses))
    found = [message.id for bus in buses for message in bus.published]
    assert set(found) == {message.id for message in messages}
    if not tables.is_sqlite:
        assert len(found) == 200
    assert await waiting(tables) == 0


@asynccontextmanager
async def at_work(relay: Relay) -> AsyncGenerator[Relay]:
    """Run the relay; what stands in its table is published when the block begins."""
    running = asyncio.create_task(relay.run())
    await eventually(lambda: not relay.is_behind)
    yield relay
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def commit(relay: Relay, database: Database, count: int) -> list[Packed]:
    """Do as the edge does: store the events, and hand them over after the commit."""
    messages = [packed() for _ in range(count)]
    async with database.transaction() as session:
        positions = await outbox.store(session, OUTBOX, messages)
    relay.hand(positions, messages)
    return messages


async def is_empty(database: Database) -> bool:
    return await waiting(database) == 0


async def test_what_is_handed_over_goes_at_once_and_is_then_forgotten(tables: Database) -> None:
    bus, counted = NotingBus(), list[int]()
    relay = Relay(tables, OUTBOX, bus, sweep_s=3600, published=counted.append)
    async with at_work(relay):
        messages = await commit(relay, tables, 2)
        await eventually(lambda: bus.published == messages)
        await eventually(partial(is_empty, tables))
    assert sum(counted) == 2


async def test_what_is_handed_over_goes_in_batches_and_in_its_order(tables: Database) -> None:
    bus = FaultyBus()
    relay = Relay(tables, OUTBOX, bus, batch=4, sweep_s=3600)
    async with at_work(relay):
        bus.holding = asyncio.Event()
        messages = [one for _ in range(5) for one in await commit(relay, tables, 2)]
        bus.holding.set()
        await eventually(lambda: bus.published == messages)
        await eventually(partial(is_empty, tables))


async def test_a_relay_killed_before_it_forgot_publishes_again(tables: Database) -> None:
    bus = NotingBus()
    relay = Relay(tables, OUTBOX, bus, sweep_s=3600)
    async with at_work(relay):
        messages = await commit(relay, tables, 2)
        await eventually(lambda: bus.published == messages)
    assert await waiting(tables) == 2
    await Relay(tables, OUTBOX, bus).drain()
    assert bus.published == messages * 2
    assert await waiting(tables) == 0


async def test_a_relay_that_stops_publishes_nothing_twice(tables: Database) -> None:
    bus = NotingBus()
    relay = Relay(tables, OUTBOX, bus, sweep_s=3600)
    async with at_work(relay):
        messages = await commit(relay, tables, 2)
        await eventually(lambda: bus.published == messages)
    await relay.drain()
    assert bus.published == messages
    assert await waiting(tables) == 0


async def test_what_is_handed_to_a_relay_that_does_not_run_waits_in_the_table(tables: Database) -> None:
    bus = NotingBus()
    relay = Relay(tables, OUTBOX, bus)
    messages = await commit(relay, tables, 2)
    await relay.drain()
    assert bus.published == messages


async def test_who_cannot_keep_up_works_from_the_table(tables: Database) -> None:
    bus = FaultyBus()
    relay = Relay(tables, OUTBOX, bus, batch=2, sweep_s=0.05, settled_s=0.2)
    async with at_work(relay):
        bus.holding = asyncio.Event()
        messages = [one for _ in range(3) for one in await commit(relay, tables, 2)]
        await asyncio.sleep(0.3)
        bus.holding.set()
        await eventually(lambda: {one.id for one in bus.published} == {one.id for one in messages})
        await eventually(partial(is_empty, tables))


async def test_what_the_bus_refused_from_the_hand_goes_from_the_table(tables: Database) -> None:
    bus = FaultyBus()
    relay = Relay(tables, OUTBOX, bus, sweep_s=0.05, settled_s=0.1)
    async with at_work(relay):
        bus.faults = [Unavailable("no broker")]
        messages = await commit(relay, tables, 2)
        await eventually(lambda: bus.published == messages)
        await eventually(partial(is_empty, tables))


async def test_a_relay_that_runs_finds_what_a_crash_left_behind(tables: Database) -> None:
    bus = NotingBus()
    async with at_work(Relay(tables, OUTBOX, bus, sweep_s=0.05, settled_s=0.1)):
        messages = await store(tables, 2)
        await eventually(lambda: bus.published == messages)


async def test_a_relay_leaves_to_others_what_is_young(tables: Database) -> None:
    bus = NotingBus()
    async with at_work(Relay(tables, OUTBOX, bus, sweep_s=0.02, settled_s=3600)):
        await store(tables, 2)
        await asyncio.sleep(0.2)
    assert bus.published == []


async def test_a_relay_waits_for_a_bus_or_a_database_that_is_away(
    tables: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bus, messages = FaultyBus(), await store(tables, 2)
    bus.faults = [ConnectionRefusedError("no database"), Unavailable("no broker")]
    caplog.set_level(logging.WARNING)
    running = asyncio.create_task(Relay(tables, OUTBOX, bus, sweep_s=0.05, settled_s=0).run())
    await eventually(lambda: bus.published == messages)
    assert [record.getMessage() for record in caplog.records if "outbox" in record.getMessage()] == [
        "the outbox waits: no broker",
        "the outbox waits: no database",
    ]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_fault_of_ours_ends_a_relay_for_its_supervisor_to_see(tables: Database) -> None:
    bus = FaultyBus()
    await store(tables, 1)
    bus.faults = [LookupError("a mistake")]
    with pytest.raises(LookupError):
        await Relay(tables, OUTBOX, bus, settled_s=0).run()
    assert await waiting(tables) == 1


async def test_an_event_is_claimed_once(tables: Database) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    async with tables.transaction() as session:
        assert await inbox.claim(session, INBOX, [first, second, first]) == {first, second}
    async with tables.transaction() as session:
        assert await inbox.claim(session, INBOX, [second, third]) == {third}
        assert await inbox.claim(session, INBOX, []) == set()


async def test_a_claim_whose_work_failed_is_free_again(tables: Database) -> None:
    id = uuid4()
    with pytest.raises(LookupError):
        await claim_and_fail(tables, id)
    async with tables.transaction() as session:
        assert await inbox.claim(session, INBOX, [id]) == {id}


async def claim_and_fail(database: Database, id: object) -> None:
    async with database.transaction() as session:
        await inbox.claim(session, INBOX, [id])  # type: ignore[list-item]
        raise LookupError


async def test_two_replicas_that_claim_the_same_events_share_them(tables: Database) -> None:
    ids = [uuid4() for _ in range(50)]

    async def claim(some: list[object]) -> set[object]:
        async with tables.transaction() as session:
            return set(await inbox.claim(session, INBOX, some))  # type: ignore[arg-type]

    first, second = await asyncio.gather(claim([*ids]), claim([*reversed(ids)]))
    assert first | second == set(ids)
    assert not first & second


async def test_only_what_is_old_is_forgotten(tables: Database) -> None:
    async with tables.transaction() as session:
        await inbox.claim(session, INBOX, [uuid4(), uuid4()])
    now, day = SystemClock().now(), timedelta(days=1)
    assert await inbox.prune(tables, INBOX, now=now, keep=day) == 0
    assert await inbox.prune(tables, INBOX, now=now + 2 * day, keep=day) == 2
    async with tables.reading() as session:
        assert (await session.scalars(select(INBOX.c.event_id))).all() == []


async def test_nothing_is_lost_while_the_broker_comes_and_goes(broker: RabbitServer, tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/kernel.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    bus = RabbitBus(broker.url, name="kernel", delays_s=DELAYS_S, publish_timeout_s=3)
    listener, messages = Listener(), list[Packed]()
    await bus.subscribe("intake", [LOCATED], listener)
    await bus.start()
    await eventually(lambda: bus.is_ready)
    relay = Relay(database, OUTBOX, bus, batch=5, sweep_s=0.05)
    running = asyncio.create_task(relay.run())

    async def load() -> None:
        while True:
            # What gathers while the broker is away has a bound, and so has the time to hand it over.
            if await waiting(database) < 100:
                messages.extend(await commit(relay, database, 5))
            await asyncio.sleep(0.02)

    loading = asyncio.create_task(load())
    await eventually(lambda: bool(listener.seen))
    await broker.close_all_connections()
    await broker.restart()
    await broker.crash()
    with pytest.raises(Unavailable):
        await bus.publish([packed()])
    await broker.start()
    await asyncio.sleep(0.2)
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    await listener.has(messages)

    await eventually(partial(is_empty, database))
    await bus.rest()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bus.close()
    await database.close()
