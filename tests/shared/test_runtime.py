"""A service running: started with what it needs, mended where it breaks, stopped in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Column, Table, Uuid, func, insert, select
from starlette.types import Message

from shared import inbox, runtime
from shared.bus import Bus, Unavailable
from shared.bus.memory import MemoryBus
from shared.clock import FakeClock, SystemClock
from shared.db import new_metadata
from shared.events.grid import AssignmentProposed, IssueLocated
from shared.host import Host
from shared.runtime import Plan, Runtime
from shared.service import Service, Work
from shared.settings import ServiceSettings
from shared.testing import COMMUNITY, MASTER_KEYS
from shared.web.app import build
from tests.conftest import Footing
from tests.servers.rabbit import RabbitServer
from tests.shared.toys import NOW, eventually, located, proposed
from tests.shared.web_toy import ROUTERS


class Heard:
    """A service that notes the places it hears of; and `grid`, which answers proposals with places."""

    def __init__(self) -> None:
        metadata = new_metadata()
        self.notes = Table("notes", metadata, Column("id", Uuid, primary_key=True))
        self.intake = Service("intake", metadata)
        self.grid = Service("grid", new_metadata())
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()
        self.intake.on(IssueLocated)(self.note)
        self.grid.on(AssignmentProposed)(self.answer)

    async def note(self, event: IssueLocated, work: Work) -> None:
        await work.session.execute(insert(self.notes).values(id=event.placement.id))

    async def answer(self, event: AssignmentProposed, work: Work) -> None:
        self.began.set()
        await self.go_on.wait()
        work.emit(located())


Make = Callable[..., Runtime[ServiceSettings]]


@pytest.fixture
async def make(footing: Footing) -> AsyncIterator[Make]:
    """Make runtimes of a service on this footing; they share one memory bus, or one broker."""
    bus = MemoryBus(SystemClock(), delays_s=(0.05,), sweep_s=0.02) if footing.amqp_url is None else None
    made: list[Runtime[ServiceSettings]] = []

    def one(service: Service, **plan: object) -> Runtime[ServiceSettings]:
        settings = ServiceSettings.model_validate({
            "database_url": footing.database_url(service.name),
            "amqp_url": footing.amqp_url,
            "community": COMMUNITY,
            "master_keys": MASTER_KEYS,
        })
        planned = replace(Plan(service, ServiceSettings), **plan)  # type: ignore[arg-type]
        made.append(Runtime(planned, settings, bus=bus))
        return made[-1]

    yield one
    for each in made:
        await each.quiesce()
    if bus is not None:
        await bus.close()
    for each in made:
        await each.close()


async def prepare(*runtimes: Runtime[ServiceSettings]) -> None:
    for one in runtimes:
        async with one.database.engine.begin() as connection:
            await connection.run_sync(one.plan.service.metadata.create_all)


async def start(*runtimes: Runtime[ServiceSettings]) -> None:
    await prepare(*runtimes)
    for one in runtimes:
        await one.listen()
    for one in runtimes:
        await one.start()
        await eventually(lambda one=one: is_ready(one))


async def is_ready(one: Runtime[ServiceSettings]) -> bool:
    return not await one.ready()


async def count(one: Runtime[ServiceSettings], table: Table) -> int:
    async with one.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_what_one_service_emits_another_hears(make: Make) -> None:
    heard = Heard()
    grid, intake = make(heard.grid), make(heard.intake)
    await start(grid, intake)
    async with grid.host.work() as work:
        for _ in range(3):
            work.emit(located())

    async def all_heard() -> bool:
        return await count(intake, heard.notes) == 3

    await eventually(all_heard)
    await eventually(lambda: nothing_waits(grid))


async def nothing_waits(one: Runtime[ServiceSettings]) -> bool:
    return await count(one, one.plan.service.outbox) == 0


async def test_a_service_is_not_ready_before_its_tables_are_there(make: Make) -> None:
    intake = make(Heard().intake)
    faults = await intake.ready()
    assert set(faults) >= {"tables"}
    await start(intake)
    assert await intake.ready() == {}


async def test_a_service_whose_database_is_away_says_so(tmp_path: Path, make: Make) -> None:
    intake = make(Heard().intake)
    await prepare(intake)

    async def away() -> None:
        raise ConnectionRefusedError

    intake.database.ping = away  # type: ignore[method-assign]
    assert (await intake.ready())["database"] == "ConnectionRefusedError"


async def test_background_work_that_fails_begins_anew(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "SHORTEST_PAUSE_S", 0.01)
    tries: list[Host] = []

    async def sweep(host: Host) -> None:
        tries.append(host)
        if len(tries) == 1:
            raise LookupError("a mistake")
        if len(tries) > 2:
            await asyncio.Event().wait()

    intake = make(Heard().intake, background=(sweep,))
    await start(intake)
    await eventually(lambda: len(tries) == 3)
    assert tries[0] is intake.host
    assert await intake.ready() == {}


async def test_work_that_has_ended_is_named_as_not_ready(make: Make) -> None:
    intake = make(Heard().intake)
    await start(intake)
    for task in asyncio.all_tasks():
        if task.get_name() == "housekeeping":
            task.cancel()
    await asyncio.sleep(0)
    await eventually(lambda: housekeeping_stopped(intake))


async def housekeeping_stopped(one: Runtime[ServiceSettings]) -> bool:
    return await one.ready() == {"housekeeping": "stopped"}


async def test_what_is_old_is_swept_out_at_the_start(make: Make) -> None:
    heard = Heard()
    intake = make(heard.intake)
    intake.clock = FakeClock(SystemClock().now() + timedelta(days=400))
    await prepare(intake)
    async with intake.database.transaction() as session:
        await inbox.claim(session, heard.intake.inbox, [uuid4()])
    await intake.start()

    async def swept() -> bool:
        return await count(intake, heard.intake.inbox) == 0

    await eventually(swept)


async def test_the_gauges_stay_while_the_database_is_away(make: Make) -> None:
    heard = Heard()
    grid = make(heard.grid)
    await prepare(grid)
    async with grid.host.work() as work:
        work.emit(located())
    await grid.measure()
    assert b'sanlian_outbox_waiting{service="grid"} 1.0' in grid.metrics.render()
    reading = grid.database.reading

    def away() -> object:
        raise ConnectionRefusedError

    grid.database.reading = away  # type: ignore[method-assign, assignment]
    await grid.measure()
    assert b'sanlian_outbox_waiting{service="grid"} 1.0' in grid.metrics.render()

    def broken() -> object:
        raise LookupError

    grid.database.reading = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(LookupError):
        await grid.measure()
    grid.database.reading = reading  # type: ignore[method-assign]


def test_a_service_without_a_bus_of_its_process_needs_a_broker(tmp_path: Path) -> None:
    settings = ServiceSettings.model_validate({
        "database_url": f"sqlite+aiosqlite:///{tmp_path}/x.db",
        "community": COMMUNITY,
        "master_keys": MASTER_KEYS,
    })
    with pytest.raises(ValueError, match="amqp_url"):
        Runtime(Plan(Heard().intake, ServiceSettings), settings)


@pytest.fixture
async def distributed(make_database: Callable[[str], str], vhost: str) -> Make:
    def one(service: Service, *, bus: Bus | None = None, url: str = vhost) -> Runtime[ServiceSettings]:
        settings = ServiceSettings.model_validate({
            "database_url": make_database(service.name), "amqp_url": url, "community": COMMUNITY,
            "master_keys": MASTER_KEYS, "publish_timeout_s": 1,
        })  # fmt: skip
        return Runtime(Plan(service, ServiceSettings), settings, bus=bus)

    return one


async def test_what_the_last_handler_leaves_behind_is_published_before_the_end(distributed: Make) -> None:
    heard = Heard()
    grid = distributed(heard.grid)
    await start(grid)
    heard.go_on.clear()
    async with grid.host.work() as work:
        work.emit(proposed())
    await heard.began.wait()
    stopping = asyncio.create_task(grid.quiesce())
    await asyncio.sleep(0.1)
    heard.go_on.set()
    await stopping
    assert await nothing_waits(grid)
    await grid.close()


async def test_what_a_service_could_not_publish_goes_out_after_its_next_start(
    distributed: Make, broker: RabbitServer
) -> None:
    grid = distributed(Heard().grid, url=broker.url)
    await start(grid)
    await broker.stop()
    async with grid.host.work() as work:
        work.emit(located())
    await grid.quiesce()
    assert not await nothing_waits(grid)
    await broker.start()
    successor = Runtime(grid.plan, grid.settings)
    await start(successor)
    await eventually(lambda: nothing_waits(successor))
    await successor.quiesce()
    for one in (grid, successor):
        await one.close()


async def test_a_handler_that_never_ends_does_not_keep_a_service_from_stopping(
    distributed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "DRAIN_S", 0.2)
    heard = Heard()
    grid = distributed(heard.grid)
    await start(grid)
    heard.go_on.clear()
    async with grid.host.work() as work:
        work.emit(proposed())
    await heard.began.wait()
    await grid.quiesce()
    assert not grid.bus.is_ready
    await grid.close()


async def test_a_fault_of_ours_while_stopping_is_told_and_the_broker_is_left(distributed: Make) -> None:
    grid = distributed(Heard().grid)
    await start(grid)

    async def broken() -> None:
        raise LookupError("a mistake")

    grid.relay.drain = broken  # type: ignore[method-assign]
    with pytest.raises(LookupError):
        await grid.quiesce()
    assert not grid.bus.is_ready
    await grid.close()


async def test_an_app_starts_and_stops_its_service(footing: Footing) -> None:
    heard = Heard()
    settings = ServiceSettings.model_validate({
        "database_url": footing.database_url("intake"), "amqp_url": footing.amqp_url,
        "community": COMMUNITY, "master_keys": MASTER_KEYS, "publish_timeout_s": 1,
    })  # fmt: skip
    bus = MemoryBus(FakeClock(NOW)) if footing.amqp_url is None else None
    app = build(Plan(heard.intake, ServiceSettings), ROUTERS, settings, bus=bus)
    await prepare(app.state.runtime)
    commands = asyncio.Queue[Message]()
    answers = asyncio.Queue[Message]()
    living = asyncio.create_task(app({"type": "lifespan", "state": {}}, commands.get, answers.put))
    commands.put_nowait({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    await eventually(lambda: is_ready(app.state.runtime))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/intake/readyz")).status_code == 200
    commands.put_nowait({"type": "lifespan.shutdown"})
    assert (await answers.get())["type"] == "lifespan.shutdown.complete"
    await living
    if bus is not None:
        await bus.close()
    else:
        with pytest.raises(Unavailable):
            await app.state.runtime.bus.publish([])
