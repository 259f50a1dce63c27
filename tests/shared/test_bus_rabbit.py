"""What only a broker can do to us: strangers' messages, replicas on one queue, topology that goes away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aio_pika
import orjson
import pytest

from shared.bus import RETRY_DELAYS_S, Failure, Unavailable
from shared.bus.dead import RabbitDeadLetters
from shared.bus.rabbit import RabbitBus
from shared.bus.topology import DELIVERY_LIMIT, EXCHANGE, declare_all, events_queue, retry_queue
from shared.envelope import Envelope
from tests.shared.bus_lab import DELAYS_S, Lab, send_raw
from tests.shared.toys import LOCATED, PROPOSED, Listener, eventually, located, packed, proposed

# Nobody listens at port 1; the comma is part of the password.
NOBODY = "amqp://guest:gue,st@127.0.0.1:1/"


@pytest.fixture
async def lab(vhost: str, tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path, vhost)
    yield made
    await made.close()


def spoilt(**fields: object) -> bytes:
    """A CloudEvent of ours in which a stranger has changed something."""
    return orjson.dumps({**orjson.loads(packed().body), **fields})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xff\xfe not JSON", id="bytes"),
        pytest.param(b"", id="nothing"),
        pytest.param(b'"hello"', id="text"),
        pytest.param(b"5", id="a number"),
        pytest.param(b"null", id="null"),
        pytest.param(b'["hello"]', id="a batch of text"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(spoilt(id=5), id="an id that is a number"),
        pytest.param(spoilt(correlationid=None), id="no correlation"),
        pytest.param(spoilt(time="2026-03-05T08:30:00"), id="a naive time"),
        pytest.param(spoilt(time=12), id="a time that is a number"),
        pytest.param(spoilt(aggregateversion=[1]), id="a version that is a list"),
        pytest.param(spoilt(data="text"), id="data that is text"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
async def test_what_cannot_be_read_dies_without_stopping_what_can(lab: Lab, body: bytes) -> None:
    assert lab.amqp_url is not None
    listener, good = Listener(), packed()
    await lab.subscribe("intake", [LOCATED], listener)
    await send_raw(lab.amqp_url, "intake", body, type="some.type", message_id="m-1")
    await lab.bus.publish([good])
    await listener.has([good])
    await eventually(lambda: has_dead(lab))
    (letter,) = await lab.dead("intake")
    assert (letter.body, letter.type, letter.id) == (body, "some.type", "m-1")
    assert "not a CloudEvent" in letter.reason


async def has_dead(lab: Lab) -> bool:
    return bool(await lab.dead("intake"))


@pytest.mark.parametrize("attempt", [0, -7, True, "third", [1], None, 2**62])
async def test_a_strange_attempt_header_stops_nothing(lab: Lab, attempt: object) -> None:
    assert lab.amqp_url is not None
    listener, guilty, good = Listener(), packed(), packed()
    await lab.subscribe("intake", [LOCATED], listener)
    listener.failing[guilty.id] = 1
    await send_raw(lab.amqp_url, "intake", guilty.body, headers={"attempt": attempt})
    await listener.has([guilty])
    await lab.bus.publish([good])
    await listener.has([good])
    if attempt == 2**62:
        await eventually(lambda: has_dead(lab))
    else:
        await eventually(lambda: listener.attempts(guilty) == [1, 2])


async def test_a_single_event_without_the_batch_form_is_read_too(lab: Lab) -> None:
    assert lab.amqp_url is not None
    listener, alone = Listener(), packed()
    await lab.subscribe("intake", [LOCATED], listener)
    await send_raw(lab.amqp_url, "intake", alone.body)
    await listener.has([alone])


async def test_replicas_share_one_queue_and_each_event_goes_to_one_of_them(lab: Lab) -> None:
    first, second = Listener(), Listener()
    await lab.subscribe("intake", [LOCATED], first)
    await lab.subscribe("intake", [LOCATED], second, on=lab.new_bus("replica"))
    messages = [packed() for _ in range(40)]
    for message in messages:
        await lab.bus.publish([message])
    await eventually(lambda: first.ids | second.ids == {message.id for message in messages})
    assert not first.ids & second.ids
    assert first.ids
    assert second.ids


async def test_what_is_published_before_a_service_first_starts_waits_for_it(lab: Lab) -> None:
    assert lab.amqp_url is not None
    await declare_all(lab.amqp_url, {"intake": [LOCATED]}, DELAYS_S)
    await lab.bus.start()
    messages = [packed() for _ in range(3)]
    await lab.bus.publish(messages)
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    await listener.has(messages)


async def test_a_service_may_listen_to_more_than_before(lab: Lab) -> None:
    assert lab.amqp_url is not None
    await declare_all(lab.amqp_url, {"intake": [LOCATED]}, DELAYS_S)
    listener, message = Listener(), packed(proposed())
    await lab.subscribe("intake", [LOCATED, PROPOSED], listener)
    await lab.bus.publish([message])
    await listener.has([message])


async def test_a_database_that_is_away_costs_no_event_a_try(lab: Lab) -> None:
    listener, messages = Listener(), [packed() for _ in range(5)]
    listener.away = 3
    await lab.subscribe("intake", [LOCATED], listener)
    await lab.bus.publish(messages)
    await listener.has(messages)
    assert {attempt for _, attempt in listener.seen} == {1}
    assert await lab.dead("intake") == []


async def test_closing_does_not_wait_for_a_database_that_is_away(lab: Lab) -> None:
    listener, message = Listener(), packed()
    listener.away = 10**6
    await lab.subscribe("intake", [LOCATED], listener)
    await lab.bus.publish([message])
    await eventually(lambda: listener.away < 10**6)
    async with asyncio.timeout(10):
        await lab.bus.close()
    successor = Listener()
    await lab.subscribe("intake", [LOCATED], successor, on=lab.new_bus("successor"))
    await successor.has([message])


async def test_a_queue_deleted_under_its_consumer_is_declared_anew(lab: Lab) -> None:
    assert lab.amqp_url is not None
    listener, message = Listener(), packed()
    await lab.subscribe("intake", [LOCATED], listener)
    async with await aio_pika.connect(lab.amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(events_queue("intake"))
    await eventually(lambda: not lab.bus.is_ready)
    await eventually(lambda: lab.bus.is_ready)
    await lab.bus.publish([message])
    await listener.has([message])


async def test_an_exchange_deleted_under_its_publisher_is_declared_anew(lab: Lab) -> None:
    assert lab.amqp_url is not None
    listener, message = Listener(), packed()
    await lab.subscribe("intake", [LOCATED], listener)
    async with await aio_pika.connect(lab.amqp_url) as connection:
        channel = await connection.channel()
        await channel.exchange_delete(EXCHANGE)
    with pytest.raises(Unavailable):
        await lab.bus.publish([message])

    async def publishes() -> bool:
        try:
            await lab.bus.publish([message])
        except Unavailable:
            return False
        return True

    await eventually(publishes)


async def test_a_publisher_that_was_refused_connects_anew(lab: Lab) -> None:
    assert lab.amqp_url is not None
    await lab.subscribe("intake", [LOCATED], Listener())
    async with await aio_pika.connect(lab.amqp_url) as connection:
        channel = await connection.channel()
        narrow = await channel.declare_queue(
            "narrow", arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
        )
        await narrow.bind(EXCHANGE, routing_key=LOCATED)
        await lab.bus.publish([packed()])
        with pytest.raises(Unavailable):
            await lab.bus.publish([packed()])
        assert not lab.bus.is_ready
        await eventually(lambda: lab.bus.is_ready)
        await narrow.purge()
        await lab.bus.publish([packed()])


async def test_a_failure_that_cannot_go_up_the_ladder_is_not_acknowledged(lab: Lab) -> None:
    assert lab.amqp_url is not None
    listener, guilty = Listener(), packed()
    listener.failing[guilty.id] = 2
    await lab.subscribe("intake", [LOCATED], listener)
    async with await aio_pika.connect(lab.amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(retry_queue("intake", DELAYS_S[0]))
    await lab.bus.publish([guilty])
    await eventually(lambda: listener.attempts(guilty) == [1, 1, 2])


async def test_a_message_that_comes_back_for_ever_ends_among_the_dead_letters(lab: Lab) -> None:
    assert lab.amqp_url is not None
    await declare_all(lab.amqp_url, {"intake": [LOCATED]}, DELAYS_S)
    await send_raw(lab.amqp_url, "intake", packed().body)
    async with await aio_pika.connect(lab.amqp_url) as connection:
        queue = await (await connection.channel()).get_queue(events_queue("intake"))
        for _ in range(DELIVERY_LIMIT + 1):
            message = await queue.get(timeout=10)
            await message.nack(requeue=True)
    await eventually(lambda: has_dead(lab))
    (letter,) = await RabbitDeadLetters(lab.amqp_url).list("intake")
    assert letter.reason == "delivery_limit"


async def test_of_several_nodes_one_that_answers_is_enough(vhost: str, tmp_path: Path) -> None:
    urls, listener, message = f"{NOBODY}, {vhost},{NOBODY}", Listener(), packed()
    lab = Lab(tmp_path, urls)
    await declare_all(urls, {"intake": [LOCATED]}, DELAYS_S)
    await lab.subscribe("intake", [LOCATED], listener)
    await lab.bus.publish([message])
    await listener.has([message])
    assert not await RabbitDeadLetters(urls).list("intake")
    await lab.close()


@pytest.mark.parametrize("urls", [NOBODY, f"{NOBODY},{NOBODY}"])
async def test_a_bus_with_nobody_to_connect_to_says_so_in_time(urls: str) -> None:
    bus = RabbitBus(urls, name="lonely", publish_timeout_s=0.3)
    await bus.start()
    assert not bus.is_ready
    with pytest.raises(Unavailable):
        await bus.publish([packed(located())])
    await bus.close()


async def test_the_ladder_without_settings_is_the_documented_one(vhost: str) -> None:
    await declare_all(vhost, {"intake": [LOCATED]}, RETRY_DELAYS_S)
    async with await aio_pika.connect(vhost) as connection:
        channel = await connection.channel()
        for name in ("intake.retry.1s", "intake.retry.10s", "intake.retry.60s", "intake.retry.600s"):
            await channel.declare_queue(name, passive=True)


async def test_what_arrives_while_a_batch_is_under_way_is_taken_together(lab: Lab) -> None:
    listener, go_on = Listener(), asyncio.Event()

    async def slowly(envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        await go_on.wait()
        return await listener(envelopes)

    await lab.subscribe("intake", [LOCATED], slowly)
    messages = [packed() for _ in range(20)]
    for message in messages:
        await lab.bus.publish([message])
    go_on.set()
    await listener.has(messages)
    assert len(listener.batches) < 20


async def test_a_receiver_with_a_mistake_of_its_own_is_asked_again(lab: Lab) -> None:
    listener, message, mistakes = Listener(), packed(), [LookupError("a mistake")]

    async def mistaken(envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        if mistakes:
            raise mistakes.pop()
        return await listener(envelopes)

    await lab.subscribe("intake", [LOCATED], mistaken)
    await lab.bus.publish([message])
    await listener.has([message])
