"""What a broker in trouble may do to a bus: hold it back, hang, cut it off. It always comes back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.bus import Unavailable
from shared.bus.rabbit import RabbitBus
from tests.servers.rabbit import RabbitServer
from tests.shared.bus_lab import DELAYS_S
from tests.shared.toys import LOCATED, Listener, eventually, packed


@pytest.fixture
async def bus(broker: RabbitServer) -> AsyncIterator[RabbitBus]:
    made = RabbitBus(broker.url, name="faults", delays_s=DELAYS_S, publish_timeout_s=1)
    yield made
    await made.close()


@pytest.fixture
async def listener(bus: RabbitBus) -> Listener:
    made = Listener()
    await bus.subscribe("intake", [LOCATED], made)
    await bus.start()
    await eventually(lambda: bus.is_ready)
    return made


async def published(bus: RabbitBus) -> bool:
    try:
        await bus.publish([packed()])
    except Unavailable:
        return False
    return True


async def test_a_full_disk_holds_publishers_back_and_lets_consumers_go_on(
    bus: RabbitBus, broker: RabbitServer, listener: Listener
) -> None:
    await broker.raise_disk_alarm()
    message = packed()
    with pytest.raises(Unavailable):
        await bus.publish([message])
    assert not bus.is_ready
    await broker.clear_disk_alarm()
    await eventually(lambda: published(bus))
    await eventually(lambda: bus.is_ready)
    await eventually(lambda: len(listener.seen) >= 1)


async def test_a_publication_that_the_end_interrupts_is_unavailable_and_not_cancelled(
    bus: RabbitBus, broker: RabbitServer, listener: Listener
) -> None:
    await broker.raise_disk_alarm()
    publishing = asyncio.create_task(bus.publish([packed()]))
    await asyncio.sleep(0.2)
    await bus.close()
    with pytest.raises(Unavailable):
        await publishing
    await broker.clear_disk_alarm()


async def test_publications_under_way_survive_that_all_connections_are_cut(
    bus: RabbitBus, broker: RabbitServer, listener: Listener
) -> None:
    outcomes: list[bool] = []

    async def publish_on() -> None:
        while True:
            outcomes.append(await published(bus))

    publishers = [asyncio.create_task(publish_on()) for _ in range(3)]
    await eventually(lambda: len(listener.seen) > 20)
    for _ in range(3):
        await broker.close_all_connections()
        seen = len(listener.seen)
        await eventually(lambda seen=seen: len(listener.seen) > seen + 20)
    assert not any(publisher.done() for publisher in publishers)
    for publisher in publishers:
        publisher.cancel()
    await asyncio.gather(*publishers, return_exceptions=True)
    assert True in outcomes


async def test_a_failing_event_is_not_lost_where_the_ladder_cannot_be_reached(
    bus: RabbitBus, broker: RabbitServer, listener: Listener
) -> None:
    guilty = packed()
    listener.failing[guilty.id] = 3
    await bus.publish([guilty])
    await broker.close_all_connections()
    await eventually(lambda: len(listener.attempts(guilty)) >= 3)


async def test_a_broker_that_hangs_is_given_up_in_time_and_found_again(
    bus: RabbitBus, broker: RabbitServer, listener: Listener
) -> None:
    await broker.pause()
    with pytest.raises(Unavailable):
        await bus.publish([packed()])
    await broker.resume()
    await eventually(lambda: published(bus))
    await eventually(lambda: bool(listener.seen))
