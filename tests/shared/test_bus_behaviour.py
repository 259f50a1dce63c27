"""One suite for both buses: what is promised by `shared.bus.Bus` holds on RabbitMQ and inside one process."""

import asyncio

from shared.bus import BATCH
from shared.envelope import Packed
from tests.shared.bus_lab import Lab
from tests.shared.toys import LOCATED, PROPOSED, Listener, eventually, located, packed, proposed


async def test_every_subscriber_gets_an_event_and_nobody_else(lab: Lab) -> None:
    intake, partners, notify = Listener(), Listener(), Listener()
    await lab.subscribe("intake", [LOCATED, PROPOSED], intake)
    await lab.subscribe("partners", [LOCATED], partners)
    await lab.subscribe("notify", [PROPOSED], notify)
    first, second = packed(located()), packed(proposed())
    await lab.bus.publish([first, second])
    await intake.has([first, second])
    await partners.has([first])
    await notify.has([second])
    assert partners.ids == {first.id}
    assert notify.ids == {second.id}


async def test_an_event_that_nobody_listens_to_is_published_without_complaint(lab: Lab) -> None:
    await lab.bus.start()
    await lab.bus.publish([packed()])
    assert lab.bus.is_ready


async def test_an_event_is_delivered_once_where_nothing_fails(lab: Lab) -> None:
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    messages = [packed() for _ in range(50)]
    await lab.bus.publish(messages)
    last = packed()
    await lab.bus.publish([last])
    await listener.has([*messages, last])
    assert len(listener.seen) == 51


async def test_many_events_at_once_come_in_several_batches_and_all_arrive(lab: Lab) -> None:
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    messages = [packed() for _ in range(2 * BATCH + 50)]
    await lab.bus.publish(messages)
    await listener.has(messages)
    # A message of several events is taken whole, so that a batch may end one message late.
    assert max(listener.batches) < 2 * BATCH
    assert len(listener.batches) >= 2


async def test_events_too_big_for_one_message_are_split(lab: Lab) -> None:
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    messages = [packed(located("x" * 200_000)) for _ in range(5)]
    await lab.bus.publish(messages)
    await listener.has(messages)


async def test_a_failing_event_climbs_the_ladder_and_then_dies_with_its_reason(lab: Lab) -> None:
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    guilty, innocent = packed(), packed()
    listener.failing[guilty.id] = 99
    await lab.bus.publish([guilty, innocent])
    await eventually(lambda: listener.attempts(guilty) == [1, 2, 3])
    await eventually(lambda: died(lab, guilty))
    assert listener.attempts(innocent) == [1]
    (letter,) = await lab.dead("intake")
    assert letter.type == LOCATED
    assert letter.reason == "no, said try 3"
    assert letter.died_at is not None
    assert letter.id == str(guilty.id)


async def died(lab: Lab, message: Packed, service: str = "intake") -> bool:
    return any(str(message.id).encode() in letter.body for letter in await lab.dead(service))


async def test_an_event_that_fails_once_is_done_at_the_second_try(lab: Lab) -> None:
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    message = packed()
    listener.failing[message.id] = 1
    await lab.bus.publish([message])
    await eventually(lambda: listener.attempts(message) == [1, 2])
    assert await lab.dead("intake") == []


async def test_poison_dies_at_once(lab: Lab) -> None:
    listener = Listener()
    await lab.subscribe("intake", [LOCATED], listener)
    poison, innocent = packed(), packed()
    listener.poison.add(poison.id)
    await lab.bus.publish([poison, innocent])
    await eventually(lambda: died(lab, poison))
    assert listener.attempts(poison) == [1]
    assert listener.attempts(innocent) == [1]


async def test_one_subscriber_that_fails_does_not_hurt_another(lab: Lab) -> None:
    broken, sound = Listener(), Listener()
    await lab.subscribe("intake", [LOCATED], broken)
    await lab.subscribe("partners", [LOCATED], sound)
    message = packed()
    broken.failing[message.id] = 99
    await lab.bus.publish([message])
    await eventually(lambda: died(lab, message))
    assert sound.attempts(message) == [1]
    assert await lab.dead("partners") == []


async def test_a_retry_goes_to_the_service_that_failed_and_to_no_other(lab: Lab) -> None:
    broken, sound = Listener(), Listener()
    await lab.subscribe("intake", [LOCATED], broken)
    await lab.subscribe("partners", [LOCATED], sound)
    message = packed()
    broken.failing[message.id] = 2
    await lab.bus.publish([message])
    await eventually(lambda: broken.attempts(message) == [1, 2, 3])
    assert sound.attempts(message) == [1]


async def test_publishing_nothing_is_no_error(lab: Lab) -> None:
    await lab.bus.start()
    await lab.bus.publish([])


async def test_a_bus_may_be_started_and_closed_more_than_once(lab: Lab) -> None:
    await lab.bus.start()
    await lab.bus.start()
    await lab.bus.close()
    await lab.bus.close()


async def test_a_batch_that_was_begun_is_finished_before_the_bus_is_closed(lab: Lab) -> None:
    listener, began, finished = Listener(), asyncio.Event(), asyncio.Event()

    async def slowly(envelopes: object) -> list[object]:
        began.set()
        await asyncio.sleep(0.2)
        finished.set()
        return []

    await lab.subscribe("intake", [LOCATED], slowly)  # type: ignore[arg-type]
    await lab.subscribe("partners", [LOCATED], listener)
    publishing = asyncio.create_task(lab.bus.publish([packed()]))
    await began.wait()
    await lab.bus.close()
    await publishing
    assert finished.is_set()
