"""An endpoint that is down rests, is tried by one delivery, comes back gently, and is given up at last."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from services.notify.rules.retries import SCHEDULE_S
from shared.auth import Role
from shared.events.notify import DeliveryExhausted, EndpointDisabled, EndpointRecovered, EndpointWarned
from tests.notify.conftest import STREET, Office, Sink, event_of

MakeSink = Callable[[], Awaitable[Sink]]


async def fall(office: Office, sink: Sink, count: int = 8) -> UUID:
    """Open an endpoint, and let it fail so often that it rests; more waits for it than was tried."""
    endpoint_id = await office.open(sink, max_concurrency=8)
    sink.status = 500
    await office.stage.give(*(event_of("issue.closed", version=number) for number in range(count)))
    await office.send()
    sink.came.clear()
    return endpoint_id


async def test_an_endpoint_that_is_down_rests_and_nothing_that_waits_is_counted_as_tried(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await fall(office, sink)
    await office.stage.give(event_of("issue.accepted"))
    for _ in range(3):
        office.later(seconds=1)
        assert await office.send() == 0
    [waiting] = await office.deliveries(type="issue.accepted")
    assert (waiting["state"], waiting["attempts"], sink.came) == ("pending", 0, [])


async def test_one_delivery_tries_whether_an_endpoint_is_back_and_the_others_follow(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await fall(office, sink)
    office.later(seconds=7)
    assert await office.send() == 1, "the oldest goes alone"
    office.later(seconds=6)
    assert await office.send() == 0, "it failed, so the rest is twice as long"
    sink.status = 200
    office.later(seconds=5)
    assert await office.send() == 1
    [probed] = [one for one in await office.deliveries(state="succeeded") if one["type"] != "webhook.test"]
    shown = await office.delivery(probed["id"])
    assert [one["trigger"] for one in shown["history"]] == ["auto", "probe"]
    while await office.send():
        pass
    office.later(minutes=6)
    while await office.send():
        pass
    assert {one["state"] for one in await office.deliveries()} == {"succeeded"}
    assert len({webhook_id for webhook_id, _ in sink.came}) == 8


async def test_what_waited_goes_out_at_the_rate_that_the_office_wants(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink, rate_per_min=120)
    for number in range(10):
        await office.stage.give(event_of("issue.closed", version=number))
    assert [await office.send(), await office.send()] == [2, 0]
    office.later(seconds=1)
    assert await office.send() == 2
    office.later(minutes=1)
    assert await office.send() == 2, "what was not used is not saved up"


async def test_messages_about_one_subject_go_one_after_the_other_where_the_office_wants_it(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink, ordering="subject")
    later, sooner = event_of("issue.closed", version=7), event_of("issue.accepted", version=3)
    await office.stage.give(later, sooner, event_of("need.published"))
    sink.status = 400
    assert await office.send() == 2, "the first of each subject"
    assert sorted(sink.types) == ["issue.accepted", "need.published"]
    office.later(seconds=1)
    assert await office.send() == 0
    [first] = await office.deliveries(type="issue.accepted")
    async with office.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        skipped = await client.post(f"/deliveries/{first['id']}/skip")
        again = await client.post(f"/deliveries/{first['id']}/skip")
    assert (skipped.status_code, skipped.json()["state"], again.status_code) == (200, "cancelled", 409)
    sink.status = 200
    assert await office.send() == 1
    assert sink.types[2:] == ["issue.closed"]


@pytest.mark.parametrize(
    ("word", "state", "reason"), [("disable", "disabled", "consent"), ("?", "active", None)]
)
async def test_a_receiver_may_ask_to_be_left_alone(
    office: Office, sinks: MakeSink, word: str, state: str, reason: str | None
) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    sink.headers = {"webhook-delivery": word}
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        shown = (await client.get(f"/endpoints/{endpoint_id}")).json()
    assert (shown["state"], shown["reason"]) == (state, reason)
    [done] = await office.deliveries(type="issue.closed")
    assert done["state"] == "succeeded"


async def test_a_receiver_may_ask_not_to_be_told_again(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    await office.open(sink)
    sink.status, sink.headers = 422, {"Webhook-Delivery": "abort-message"}
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    office.later(days=1)
    assert await office.send() == 0
    [ended] = await office.deliveries(type="issue.closed")
    assert (ended["state"], ended["last_status"]) == ("cancelled", 422)


async def test_an_endpoint_that_fails_for_five_days_is_disabled_after_three_warnings(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    sink.status = 400
    await office.stage.emitted()
    told = []
    for _ in range(17):
        await office.stage.give(event_of("issue.closed"))
        await office.send()
        office.later(hours=8)
        told += await office.stage.emitted()
    told = [event for event in told if not isinstance(event, DeliveryExhausted)]
    assert [type(event) for event in told] == [EndpointWarned] * 3 + [EndpointDisabled]
    assert [event.percent for event in told if isinstance(event, EndpointWarned)] == [50, 70, 90]
    assert isinstance(told[-1], EndpointDisabled)
    assert (told[-1].reason, told[-1].endpoint.area_code) == ("failing", STREET)
    sink.status = 200
    async with office.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        await client.post(f"/endpoints/{endpoint_id}/enable")
    await office.stage.emitted()
    while await office.send():
        office.later(seconds=1)
    assert [type(event) for event in await office.stage.emitted()] == [EndpointRecovered]
    assert {one["state"] for one in await office.deliveries()} <= {"succeeded", "exhausted"}


async def test_what_is_given_up_is_told_with_the_last_answer(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    sink.status = 418
    await office.stage.give(event_of("issue.closed"))
    for seconds in (*SCHEDULE_S, 0):
        await office.send()
        office.later(seconds=seconds * 1.2)
    [told] = [one for one in await office.stage.emitted() if isinstance(one, DeliveryExhausted)]
    assert (told.delivery.endpoint_id, told.delivery.last_status) == (endpoint_id, 418)
    assert (told.delivery.office, told.delivery.type) == ("ST-CMD", "issue.closed")
    assert told.delivery.webhook_id == sink.came[-1][0]
