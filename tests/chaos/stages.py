"""All four services in one process on SQLite files, and between them a carrier as bad as it likes to be."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol, cast

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from sanlian.demo.people import FIRST_GRID, OPERATOR, STREET, Person
from sanlian.demo.records import DemoData, Grid, demo_data
from sanlian.demo.street import sign_call
from sanlian.deployed import find_all
from shared.auth import key_text
from shared.clock import FakeClock
from shared.envelope import Envelope, Packed, unpack
from shared.privacy import new_key_pair
from shared.testing import COMMUNITY, MASTER_KEYS, NotingBus, Stage
from shared.web.app import build
from tests.chaos.story import CALL, OFFICE, UNIT, UPLOAD, WAIT, Ask, Story, Told, tell
from tests.chaos.turns import HOUSEHOLD

UNIT_FORM = {"name": "海通证券", "kind": "enterprise_branch", "agreement": {"signed_on": "2026-01-01"}}


class Teller(Protocol):
    """A story by its name, begun at a moment."""

    def __call__(self, name: str, *, now: datetime) -> Story: ...


@dataclass(slots=True)
class Carrier:
    """Carries events from each service to those that listen, in order, or as its dice fall."""

    stages: Mapping[str, Stage]
    dice: Random | None = None
    pending: dict[str, list[Packed]] = field(default_factory=dict)
    carried: list[tuple[str, Packed]] = field(default_factory=list)
    _told: dict[str, int] = field(default_factory=dict)

    async def gather(self) -> int:
        """Take over what the services have said, and return how many deliveries are to be made."""
        for name, stage in self.stages.items():
            await stage.runtime.relay.drain()
            said = stage.bus.published
            for packed in said[self._told.get(name, 0) :]:
                for listener, other in self.stages.items():
                    if packed.type in other.host.service.types:
                        self.pending.setdefault(listener, []).append(packed)
            self._told[name] = len(said)
        return sum(len(waiting) for waiting in self.pending.values())

    async def step(self) -> None:
        """Make some deliveries: the oldest alone, or a few at random with some that were made before."""
        waiting = [name for name, some in self.pending.items() if some]
        if self.dice is None:
            listener = waiting[0]
            await self._deliver(listener, [self.pending[listener].pop(0)])
            return
        listener = self.dice.choice(waiting)
        queue = self.pending[listener]
        batch = [queue.pop(self.dice.randrange(len(queue))) for _ in range(self.dice.randint(1, len(queue)))]
        batch += self._repeated(listener, batch)
        self.dice.shuffle(batch)
        await self._deliver(listener, batch)

    async def settle(self) -> None:
        """Deliver until nobody has anything to say. Raises `AssertionError` where that never comes."""
        for _ in range(500):
            if not await self.gather():
                return
            await self.step()
        raise AssertionError(f"never at rest: {self.pending}")

    async def repeat_all(self) -> None:
        """Deliver once more everything that was ever delivered, in any order."""
        for listener, packed in self.carried.copy():
            self.pending.setdefault(listener, []).append(packed)
        await self.settle()

    def _repeated(self, listener: str, batch: Sequence[Packed]) -> list[Packed]:
        assert self.dice is not None
        before = [packed for name, packed in self.carried if name == listener] + list(batch)
        return [self.dice.choice(before) for _ in range(self.dice.randint(0, 2))]

    async def _deliver(self, listener: str, batch: Sequence[Packed]) -> None:
        envelopes: list[Envelope | Any] = [unpack(packed.body)[0] for packed in batch]
        failures = await self.stages[listener].give(*envelopes)
        assert not [failure.reason for failure in failures if failure.poison]
        # What could not be taken yet comes again, as the retry ladder brings it.
        again = {failure.envelope.id for failure in failures}
        self.pending[listener] += {packed.id: packed for packed in batch if packed.id in again}.values()
        self.carried += [(listener, packed) for packed in batch if packed.id not in again]


class Theatre:
    """The services, the credentials of who acts on them, and the carrier between them."""

    def __init__(self, stages: Mapping[str, Stage], secrets: dict[str, str], dice: Random | None) -> None:
        self.stages, self.secrets, self.dice = stages, secrets, dice
        self.carrier = Carrier(stages, dice)
        self.clock = next(iter(stages.values())).clock

    async def tell(self, name: str, tell: Teller = tell) -> Told:
        """Tell the story to its end, with the carrier at work while somebody waits and in between."""
        return await self.play(tell(name, now=self.clock.now()))

    async def play(self, story: Story) -> Told:
        """Carry a story out to its end."""
        answer: Any = None
        while True:
            try:
                ask = story.send(answer)
            except StopIteration as end:
                return cast(Told, end.value)
            self.clock.advance(timedelta(milliseconds=10))
            answer = await self._carry_out(ask)

    async def ask(self, who: Person | str, method: str, path: str, **what: Any) -> Any:
        async with self._client(who, path) as client:
            answer = await client.request(method, path, **what)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def _client(self, who: Person | str, path: str) -> httpx.AsyncClient:
        stage = self.stages[path.split("/")[1]]
        credentials = self.secrets[who] if isinstance(who, str) else stage.token(who.caller)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(stage.app),
            base_url="http://test",
            headers={"Authorization": f"Bearer {credentials}"},
        )

    async def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that the services keep of their own, table by table, without the kernel's tables."""
        kept: dict[str, list[dict[str, Any]]] = {}
        for name, stage in self.stages.items():
            service = stage.host.service
            kernel = {service.outbox, service.inbox, service.letters, service.answers}
            async with stage.runtime.database.reading() as session:
                for table in service.metadata.sorted_tables:
                    if table not in kernel:
                        found = await session.execute(select(table))
                        kept[f"{name}.{table.name}"] = [dict(row._mapping) for row in found]
        return kept

    async def _carry_out(self, ask: Ask) -> Any:
        if ask.method == WAIT:
            return self.clock.advance(ask.body)
        if ask.method == CALL:
            call = sign_call(self.secrets[OFFICE], ask.body)
            return await self.ask(OPERATOR, "POST", ask.path, content=call.body, headers=dict(call.headers))
        if ask.method == UPLOAD:
            photo = {"file": ("lamp.png", ask.body, "image/png")}
            return await self.ask(ask.who, "POST", ask.path, files=photo)
        if ask.until is not None:
            return await self._wait(ask)
        await self._wander()
        what: dict[str, Any] = {"params": ask.query} if ask.method == "GET" else {"json": ask.body}
        return await self.ask(ask.who, ask.method, ask.path, **what)

    async def _wander(self) -> None:
        """Now and then something arrives although nobody waits for it."""
        for _ in range(self.dice.randint(0, 2) if self.dice else 0):
            if await self.carrier.gather():
                await self.carrier.step()

    async def _wait(self, ask: Ask) -> Any:
        assert ask.until is not None
        while True:
            found = await self.ask(ask.who, "GET", ask.path, params=ask.query)
            if found and ask.until(found):
                return found
            assert await self.carrier.gather(), f"{ask.path} waits for what nobody will say: {found}"
            await self.carrier.step()


@dataclass(frozen=True, slots=True)
class Stored:
    """A theatre between two performances: its database files, its keys and its clock."""

    folder: Path
    signing: Ed25519PrivateKey
    contact: tuple[str, str]
    clock: FakeClock
    secrets: dict[str, str]

    @asynccontextmanager
    async def open(self, folder: Path, dice: Random | None = None) -> AsyncIterator[Theatre]:
        """Open a copy of it in this folder, at the machine's time: with that the street signs."""
        self.clock.set(datetime.now(UTC))
        for file in self.folder.glob("*.db"):
            shutil.copy(file, folder / file.name)
        stages = {service.name: self.stage(service, folder) for service in find_all()}
        try:
            yield Theatre(stages, self.secrets, dice)
        finally:
            for stage in stages.values():
                await stage.runtime.close()

    def stage(self, service: Any, folder: Path) -> Stage:
        settings = service.plan.settings.model_validate({
            "database_url": f"sqlite+aiosqlite:///{folder / service.name}.db",
            "community": COMMUNITY,
            "master_keys": MASTER_KEYS,
            "local_public_key": key_text(self.signing.public_key()),
            "contact_private_key": self.contact[0],
            "contact_public_key": self.contact[1],
            "outbound_http": True,
            "outbound_networks": "127.0.0.0/8",
            "evidence_url": f"file:{folder}/evidence",
        })
        bus = NotingBus()
        app = build(service.plan, service.routers, settings, bus=bus, clock=self.clock, lifespan=False)
        return Stage(app, bus, self.clock, self.signing)


def store(folder: Path, clock: FakeClock) -> Stored:
    """Build the theatre: empty tables, one grid with its people, one unit with a key, one street office."""
    stored = Stored(folder, Ed25519PrivateKey.generate(), new_key_pair(), clock, {})
    asyncio.run(_furnish(stored))
    return stored


async def _furnish(stored: Stored) -> None:
    stages = {service.name: stored.stage(service, stored.folder) for service in find_all()}
    for stage in stages.values():
        async with stage.runtime.database.engine.begin() as connection:
            await connection.run_sync(stage.host.service.metadata.create_all)
    theatre = Theatre(stages, stored.secrets, None)
    await _settle_in(theatre)
    await theatre.carrier.settle()
    for stage in stages.values():
        await stage.runtime.close()


async def _settle_in(theatre: Theatre) -> None:
    data = demo_data()
    puts: list[tuple[str, dict[str, object]]] = [
        (f"/grid/v1/areas/{STREET}", {"name": data.community.street.name}),
        (f"/grid/v1/areas/{COMMUNITY}", {"name": data.community.name, "households": 2000}),
        *(step for grid in data.grids[:2] for step in _grid(data, grid)),
        (
            f"/grid/v1/households/{HOUSEHOLD}",
            {"area_code": FIRST_GRID, "compound_code": "CP-BFY", "head_name": "宋阿姨", "tags": []},
        ),
        (f"/partners/v1/units/{UNIT}", {**UNIT_FORM, "area_code": COMMUNITY}),
    ]
    for path, form in puts:
        await theatre.ask(OPERATOR, "PUT", path, json=form)
    key = await theatre.ask(OPERATOR, "POST", f"/partners/v1/units/{UNIT}/keys", json={"label": "tests"})
    office = {"code": OFFICE, "office": OFFICE, "area_code": STREET}
    source = await theatre.ask(OPERATOR, "POST", "/notify/v1/sources", json=office)
    # Nobody is called here; but what nobody wants to hear is not even written down.
    wish = {"office": OFFICE, "area_code": STREET, "url": "http://127.0.0.1:9/street", "events": ["*"]}
    await theatre.ask(OPERATOR, "POST", "/notify/v1/endpoints", json=wish)
    theatre.secrets.update({UNIT: key["key"], OFFICE: source["secret"]})


def _grid(data: DemoData, grid: Grid) -> Iterator[tuple[str, dict[str, object]]]:
    """A grid with its compound, its leader and the one who handles what comes in."""
    shape = {"type": "Polygon", "coordinates": [list(grid.polygon)]}
    yield f"/grid/v1/areas/{grid.code}", {"name": grid.name, "households": 500, "polygon": shape}
    compound = next(one for one in data.compounds if one.grid == grid.code)
    longitude, latitude = compound.point
    place = {"longitude": longitude, "latitude": latitude}
    yield f"/grid/v1/areas/{grid.code}/compounds/{compound.code}", {"name": compound.name, "point": place}
    for role in ("grid_leader", "full_time_worker"):
        yield f"/grid/v1/force/{grid.code}/{role}/{grid.code}:{role}", {"name": role}
