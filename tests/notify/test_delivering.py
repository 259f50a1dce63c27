"""Deliveries reach their endpoint in the end, whatever happens on the way, and nobody waits for another."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import update

from services.notify.deliveries.attempts import released
from services.notify.deliveries.claims import Share, claim
from services.notify.deliveries.courier import deliver
from services.notify.deliveries.jobs import Job
from services.notify.deliveries.outcomes import record
from services.notify.models import Endpoint
from services.notify.rules.retries import SCHEDULE_S
from shared.auth import Role
from shared.events.notify import EndpointDisabled
from tests.notify.conftest import STREET, Office, Sink, event_of

MakeSink = Callable[[], Awaitable[Sink]]


async def claim_as_another(office: Office, endpoint_id: UUID) -> list[Job]:
    """What a sender in another process does before it is killed, or falls asleep."""
    database, now = office.stage.host.database, office.stage.clock.now()
    share = Share(endpoint_id=endpoint_id, bound=10, lease_s=30.0)
    async with database.transaction() as session:
        return await claim(session, [share], 10, now)


async def test_a_receiver_that_was_down_gets_the_same_message_when_it_is_up_again(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    sink.status = 503
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    [waiting] = await office.deliveries(type="issue.closed")
    assert (waiting["state"], waiting["attempts"], waiting["last_status"]) == ("pending", 1, 503)
    await office.send()
    assert len(sink.came) == 1, "nothing is due before the schedule says so"
    sink.status = 204
    office.later(seconds=7)
    await office.send()
    shown = await office.delivery(waiting["id"])
    assert shown["state"] == "succeeded"
    assert [(one["n"], one["status"]) for one in shown["history"]] == [(1, 503), (2, 204)]
    first, second = sink.came
    assert first == second, "same id, same body; only timestamp and signature are new"


async def test_tries_follow_the_schedule_and_end_as_exhausted(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    await office.open(sink)
    sink.status = 500
    await office.stage.give(event_of("issue.closed"))
    for seconds in (*SCHEDULE_S, 600):
        await office.send()
        office.later(seconds=seconds * 1.2 + 1)
    [end] = await office.deliveries(type="issue.closed")
    shown = await office.delivery(end["id"])
    assert (end["state"], end["attempts"], end["next_at"]) == ("exhausted", 10, None)
    assert [one["n"] for one in shown["history"]] == list(range(1, 11))
    await office.send()
    assert len(sink.came) == 10


async def test_an_exhausted_delivery_can_be_sent_again_under_its_old_id(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    sink.status = 500
    await office.stage.give(event_of("issue.closed"))
    for seconds in (*SCHEDULE_S, 600):
        await office.send()
        office.later(seconds=seconds * 1.2 + 1)
    sink.status = 200
    [end] = await office.deliveries(state="exhausted")
    async with office.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        answer = await client.post(f"/deliveries/{end['id']}/replay")
        twice = await client.post(f"/deliveries/{end['id']}/replay")
    assert (answer.status_code, answer.json()["state"], answer.json()["trigger"]) == (
        202,
        "pending",
        "manual",
    )
    assert (twice.status_code, twice.json()["allowed"]) == (409, [])
    await office.send()
    shown = await office.delivery(end["id"])
    assert (shown["state"], shown["attempts"]) == ("succeeded", 11)
    assert shown["history"][-1]["trigger"] == "manual"
    assert len({webhook_id for webhook_id, _ in sink.came}) == 1


async def test_a_span_is_counted_first_and_then_sent_again(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    for type in ("issue.closed", "issue.accepted", "need.published"):
        await office.stage.give(event_of(type))
    await office.send()
    now = office.stage.clock.now()
    wish = {
        "since": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(hours=1)).isoformat(),
        "states": ["succeeded"],
        "types": ["issue.closed", "issue.accepted"],
        "dry_run": True,
    }
    async with office.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        url = f"/endpoints/{endpoint_id}/replay"
        counted = (await client.post(url, json=wish)).json()
        assert await office.send() == 0
        sent = (await client.post(url, json={**wish, "dry_run": False})).json()
        wrong = await client.post(url, json={**wish, "states": ["leased"]})
    assert (counted["count"], sent["count"], wrong.status_code) == (2, 2, 422)
    assert await office.send() == 2
    assert sorted(sink.types[3:]) == ["issue.accepted", "issue.closed"]


async def test_a_receiver_that_is_gone_is_disabled_and_what_waits_is_kept_for_it(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    await office.stage.emitted()
    sink.status = 410
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    [told] = await office.stage.emitted()
    assert isinstance(told, EndpointDisabled)
    assert (told.reason, told.endpoint.id, told.endpoint.state) == ("gone", endpoint_id, "disabled")
    await office.stage.give(event_of("issue.accepted"))
    office.later(days=3)
    assert await office.send() == 0
    assert len(await office.deliveries(state="held")) == 2
    sink.status, sink.came = 200, []
    async with office.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        answer = await client.post(f"/endpoints/{endpoint_id}/enable")
    assert answer.json()["state"] == "active"
    await office.send()
    assert sorted(sink.types) == ["issue.accepted", "issue.closed"]


async def test_a_receiver_that_asks_for_a_pause_gets_it_for_all_its_deliveries(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    sink.status, sink.headers = 429, {"Retry-After": "120"}
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    sink.status = 200
    await office.stage.give(event_of("issue.accepted"))
    office.later(seconds=110)
    assert await office.send() == 0
    office.later(seconds=11)
    assert await office.send() == 2
    assert sorted(sink.types[1:]) == ["issue.accepted", "issue.closed"]


async def test_a_redirect_is_a_failure_and_is_not_followed(office: Office, sinks: MakeSink) -> None:
    sink, other = await sinks(), await sinks()
    await office.open(sink)
    other.secret = sink.secret
    sink.status, sink.headers = 307, {"Location": other.url}
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    [waiting] = await office.deliveries(type="issue.closed")
    assert (waiting["state"], waiting["last_status"], other.came) == ("pending", 307, [])


async def test_what_a_killed_sender_had_claimed_goes_out_again_under_the_same_id(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    await office.stage.give(event_of("issue.closed"))
    assert len(await claim_as_another(office, endpoint_id)) == 1
    assert await office.send() == 0, "the lease stands"
    office.later(seconds=31)
    assert await office.send() == 1
    [end] = await office.deliveries(type="issue.closed")
    shown = await office.delivery(end["id"])
    assert [(one["n"], one["error_class"], one["status"]) for one in shown["history"]] == [
        (1, "lost", None),
        (2, None, 200),
    ]
    assert len(sink.came) == 1


async def test_a_sender_that_slept_past_its_lease_changes_nothing(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    await office.stage.give(event_of("issue.closed"))
    [job], host = await claim_as_another(office, endpoint_id), office.stage.host
    office.later(seconds=31)
    assert await office.send() == 1
    async with host.work() as work:
        await record(work.session, [released(job).change])
    [end] = await office.deliveries(type="issue.closed")
    assert end["state"] == "succeeded"


async def test_an_endpoint_that_hangs_does_not_hold_up_the_others(office: Office, sinks: MakeSink) -> None:
    never = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hang)
    server = TestServer(app)
    await server.start_server()
    dead, alive = await sinks(), await sinks()
    dead_id = await office.open(dead, timeout_s=30)
    await office.open(alive)
    alive.came.clear()
    dead.came.clear()
    async with office.stage.host.work() as work:
        moved = update(Endpoint).where(Endpoint.id == dead_id).values(url=str(server.make_url("/hook")))
        await work.session.execute(moved)
    for number in range(60):
        await office.stage.give(event_of("issue.closed", version=number))
    running = asyncio.create_task(deliver(office.stage.host))
    async with asyncio.timeout(25):
        await alive.until(60)
    running.cancel()
    never.set()
    await asyncio.gather(running, return_exceptions=True)
    await server.close()
    states = {
        str(one["state"]) for one in await office.deliveries(endpoint_id=str(dead_id), type="issue.closed")
    }
    assert states <= {"pending", "leased", "succeeded"}
    assert len({webhook_id for webhook_id, _ in alive.came}) == 60


async def test_the_sender_wakes_for_new_messages_and_ends_without_losing_any(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    running = asyncio.create_task(deliver(office.stage.host))
    for number in range(20):
        await office.stage.give(event_of("issue.closed", version=number))
        await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    rows = await office.deliveries(type="issue.closed", limit="200")
    done = [row for row in rows if row["state"] == "succeeded"]
    assert len(done) == len(sink.came), "what was answered is recorded before the sender ends"
    assert {row["state"] for row in rows} <= {"succeeded", "pending"}
    await office.send()
    assert len({webhook_id for webhook_id, _ in sink.came}) == 20


async def test_many_rows_of_a_dead_endpoint_do_not_stand_before_the_rows_of_others(
    office: Office, sinks: MakeSink
) -> None:
    dead, alive = await sinks(), await sinks()
    await office.open(dead, max_concurrency=1)
    for number in range(50):
        await office.stage.give(event_of("issue.closed", version=number))
    await office.open(alive)
    dead.came.clear()
    office.later(seconds=1)
    await office.stage.give(event_of("issue.accepted"))
    await office.send()
    assert alive.types == ["issue.accepted"]
    assert len(dead.came) < 50
