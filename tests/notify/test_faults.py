"""Faults on either side: receivers that misbehave, a database that hangs up, a stop in the midst."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import text, update

from services.notify.deliveries import courier
from services.notify.deliveries.courier import Courier, deliver
from services.notify.models import Endpoint
from services.notify.rules.engine import Engine
from services.notify.settings import NotifySettings
from shared.http import HttpClient
from tests.notify.conftest import Office, Sink, event_of
from tests.patience import PATIENCE_S

MakeSink = Callable[[], Awaitable[Sink]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def receiver_that(talks: Talk) -> AsyncIterator[str]:
    """A server that speaks as the test wants it to, HTTP or not."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talks(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        server.close()


async def move(office: Office, endpoint_id: UUID, url: str) -> None:
    """Let an active endpoint stand elsewhere, as if its receiver had changed overnight."""
    async with office.stage.host.work() as work:
        await work.session.execute(
            update(Endpoint).where(Endpoint.id == endpoint_id).values(url=url, timeout_s=1.0)
        )


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("talks", "error_class"),
    [(hang, "timeout"), (hang_up, "reset"), (talk_nonsense, "protocol"), (drip, "timeout")],
)
async def test_a_receiver_that_does_not_answer_is_noted_and_tried_again(
    office: Office, sinks: MakeSink, talks: Talk, error_class: str
) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    await office.stage.give(event_of("issue.closed"))
    async with receiver_that(talks) as url:
        await move(office, endpoint_id, url)
        await office.send()
    [waiting] = await office.deliveries(type="issue.closed")
    shown = await office.delivery(waiting["id"])
    assert (shown["state"], shown["attempts"], shown["last_status"]) == ("pending", 1, None)
    assert [one["error_class"] for one in shown["history"]] == [error_class]
    await move(office, endpoint_id, sink.url)
    office.later(seconds=7)
    await office.send()
    assert sink.types == ["issue.closed"]


async def test_an_endless_answer_is_cut_and_its_status_counts(office: Office, sinks: MakeSink) -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            writer.write(b"\0" * 65_536)
            await writer.drain()

    sink = await sinks()
    endpoint_id = await office.open(sink)
    await office.stage.give(event_of("issue.closed"))
    async with receiver_that(flood) as url:
        await move(office, endpoint_id, url)
        await office.send()
    [row] = await office.deliveries(type="issue.closed")
    shown = await office.delivery(row["id"])
    assert shown["state"] == "succeeded"
    assert len(shown["history"][0]["response"]) <= 16 * 1024


async def test_a_stop_in_the_midst_of_a_call_leaves_it_to_the_next_sender(
    office: Office, sinks: MakeSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "DRAIN_S", 0.01)
    sink, called = await sinks(), asyncio.Event()
    endpoint_id = await office.open(sink)

    async def take_and_hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        await asyncio.sleep(3600)

    async with receiver_that(take_and_hang) as url:
        async with office.stage.host.work() as work:
            moved = update(Endpoint).where(Endpoint.id == endpoint_id).values(url=url, max_concurrency=1)
            await work.session.execute(moved)
        await office.stage.give(event_of("issue.closed"), event_of("issue.accepted"))
        running = asyncio.create_task(deliver(office.stage.host))
        await asyncio.wait_for(called.wait(), PATIENCE_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    states = sorted(str(row["state"]) for row in await office.deliveries() if row["type"] != "webhook.test")
    assert states == ["leased", "pending"], "the one under way keeps its lease, the one that waited is free"
    await move(office, endpoint_id, sink.url)
    office.later(seconds=31)
    await office.send()
    assert sorted(sink.types) == ["issue.accepted", "issue.closed"]


@pytest.mark.parametrize("tables", ["distributed"], indirect=True)
async def test_a_database_that_hangs_up_again_and_again_loses_nothing(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    for number in range(100):
        await office.stage.give(event_of("issue.closed", version=number))
    running = asyncio.create_task(deliver(office.stage.host))
    hang_up_on_all = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engine = office.stage.host.database.engine
    for count in (1, 30, 60):
        await asyncio.wait_for(sink.until(count), PATIENCE_S)
        async with engine.connect() as connection:
            await connection.execute(hang_up_on_all)
    await asyncio.wait_for(until_all_came(office, sink, 100), PATIENCE_S)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    rows = await office.deliveries(type="issue.closed", limit="200")
    assert len({webhook_id for webhook_id, _ in sink.came}) == 100
    assert {row["state"] for row in rows} <= {"succeeded", "pending", "leased"}


async def until_all_came(office: Office, sink: Sink, count: int) -> None:
    """Leases that were lost with a connection run out by the clock, which the test turns."""
    while len({webhook_id for webhook_id, _ in sink.came}) < count:
        await asyncio.sleep(0.2)
        office.later(seconds=5)


async def test_two_senders_on_one_database_share_the_work(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    await office.open(sink)
    for number in range(60):
        await office.stage.give(event_of("issue.closed", version=number))
    settings = office.stage.host.parts[NotifySettings]
    assert isinstance(settings, NotifySettings)
    engine = office.stage.host.parts[Engine]
    assert isinstance(engine, Engine)
    second = Courier(HttpClient(settings.outbound), settings, engine)
    host = office.stage.host
    runs = [asyncio.create_task(run) for run in (deliver(host), second.run(host))]
    await asyncio.wait_for(sink.until(60), PATIENCE_S)
    for run in runs:
        run.cancel()
    await asyncio.gather(*runs, return_exceptions=True)
    rows = await office.deliveries(type="issue.closed", limit="200")
    assert {row["state"] for row in rows} == {"succeeded"}
    assert len(sink.came) == 60, "nothing is sent twice while nobody fails"
