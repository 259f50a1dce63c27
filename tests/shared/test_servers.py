"""The test servers themselves: what the fixtures promise to every other test."""

import asyncio
from collections.abc import Callable

import aio_pika
import asyncpg
import pytest
from aio_pika.exceptions import AMQPError

from tests.conftest import Footing
from tests.patience import PATIENCE_S
from tests.servers.postgres import PostgresServer
from tests.servers.rabbit import RabbitServer


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(url.replace("+asyncpg", "", 1), timeout=10)


async def publish(url: str, queue: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=queue)


async def take(url: str, queue: str, *, count: int) -> list[bytes]:
    """Return `count` messages; a queue's own counter lags behind for a while after a restart."""
    bodies: list[bytes] = []
    async with await aio_pika.connect(url) as connection, asyncio.timeout(PATIENCE_S):
        channel = await connection.channel()
        found = await channel.declare_queue(queue, passive=True)
        async with found.iterator(no_ack=True) as messages:
            async for message in messages:
                bodies.append(message.body)
                if len(bodies) == count:
                    break
    return bodies


async def test_every_database_made_is_empty_and_its_own(make_database: Callable[[str], str]) -> None:
    first, second = make_database("intake"), make_database("intake")
    connection = await connect(first)
    await connection.execute("CREATE TABLE issues (id int)")
    await connection.close()
    connection = await connect(second)
    assert await connection.fetchval("SELECT to_regclass('issues')") is None
    await connection.close()


async def test_a_database_can_be_made_like_another(postgres_server: PostgresServer) -> None:
    original = postgres_server.create_database("grid")
    connection = await connect(original)
    await connection.execute("CREATE TABLE areas (code text)")
    await connection.close()
    connection = await connect(postgres_server.create_database("copy", like=original))
    assert await connection.fetchval("SELECT count(*) FROM areas") == 0
    await connection.close()


async def test_every_virtual_host_knows_no_queue_of_another(vhost: str, broker: RabbitServer) -> None:
    await publish(broker.url, "intake.events")
    with pytest.raises(AMQPError):
        await take(vhost, "intake.events", count=1)


async def test_a_footing_gives_each_service_one_database_of_its_own(footing: Footing) -> None:
    intake, grid = footing.database_url("intake"), footing.database_url("grid")
    assert intake != grid
    assert footing.database_url("intake") == intake
    assert (footing.amqp_url is None) == (footing.name == "embedded")


async def test_stored_rows_outlive_a_crash_and_a_restart(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database("intake")
    connection = await connect(url)
    await connection.execute("CREATE TABLE issues (id int)")
    await connection.execute("INSERT INTO issues VALUES (1)")
    await postgres_server.crash()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT 1")
    connection.terminate()
    await postgres_server.start()
    await postgres_server.restart()
    connection = await connect(url)
    assert await connection.fetchval("SELECT count(*) FROM issues") == 1
    await connection.close()


async def test_a_paused_server_keeps_a_query_waiting_until_resumed(postgres_server: PostgresServer) -> None:
    connection = await connect(postgres_server.create_database("intake"))
    await postgres_server.pause()
    query = asyncio.create_task(connection.fetchval("SELECT 1"))
    done, _ = await asyncio.wait([query], timeout=0.3)
    assert not done
    await postgres_server.resume()
    assert await query == 1
    await connection.close()


async def test_terminating_connections_cuts_one_database_only(postgres_server: PostgresServer) -> None:
    intake, grid = postgres_server.create_database("intake"), postgres_server.create_database("grid")
    cut, kept = await connect(intake), await connect(grid)
    ended = asyncio.Event()
    cut.add_termination_listener(lambda _: ended.set())
    await postgres_server.terminate_connections(intake)
    await asyncio.wait_for(ended.wait(), PATIENCE_S)
    assert await kept.fetchval("SELECT 1") == 1
    await kept.close()


async def test_confirmed_messages_outlive_a_restart_and_a_crash_of_the_broker(broker: RabbitServer) -> None:
    await publish(broker.url, "grid.events")
    await broker.restart()
    await publish(broker.url, "grid.events")
    await broker.crash()
    with pytest.raises((AMQPError, OSError)):
        await publish(broker.url, "grid.events")
    await broker.start()
    assert await take(broker.url, "grid.events", count=2) == [b"kept", b"kept"]


async def test_closing_all_connections_leaves_the_broker_up(broker: RabbitServer) -> None:
    connection = await aio_pika.connect(broker.url)
    closed = asyncio.Event()
    connection.close_callbacks.add(lambda *_: closed.set())
    await broker.close_all_connections()
    await asyncio.wait_for(closed.wait(), PATIENCE_S)
    await publish(broker.url, "grid.events")


async def test_a_full_disk_blocks_publishers_until_it_is_cleared(broker: RabbitServer) -> None:
    await publish(broker.url, "grid.events")
    await broker.raise_disk_alarm()
    blocked = asyncio.create_task(publish(broker.url, "grid.events"))
    done, _ = await asyncio.wait([blocked], timeout=0.5)
    assert not done
    await broker.clear_disk_alarm()
    await blocked
    assert await take(broker.url, "grid.events", count=2) == [b"kept", b"kept"]


async def test_a_broker_left_off_by_one_test_is_on_again_for_the_next(broker: RabbitServer) -> None:
    await broker.pause()
    await broker.mend()
    await publish(broker.url, "grid.events")
