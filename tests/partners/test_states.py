"""Every state against every command, through the door: the table's step, or 409 with what is possible."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from services.partners.lifecycle import Lifecycle
from services.partners.matches.models import Match
from services.partners.matches.rules import MATCH
from services.partners.models import Record
from services.partners.needs.models import Need
from services.partners.needs.rules import NEED
from services.partners.offers.models import Offer
from services.partners.offers.rules import OFFER
from services.partners.pledges.models import Pledge
from services.partners.pledges.rules import PLEDGE
from services.partners.units.models import Unit
from services.partners.units.rules import UNIT
from shared.testing import Stage
from tests.partners.actors import UNIT as UNIT_CODE
from tests.partners.actors import Actors, need_form, offer_form

WHY = {"reason": "test_case"}
# Who gives a command and with what; the clerk without a body where nothing is said.
BY_UNIT = {"submit", "deliver", "accept", "edit"}
BODIES: dict[str, Any] = {
    "suspend": WHY,
    "reject": WHY,
    "needs-changes": WHY,
    "withdraw": WHY,
    "mark-unsuitable": WHY,
    "decline": WHY,
    "cancel": WHY,
    "dispute": WHY,
    "consent": {"consent_id": "C-1"},
    "deliver": {"quantity": 1},
    "rate": {"stars": 5},
}


class Scene:
    """One record of each kind, put into any state by hand, so that each command can be tried on each."""

    def __init__(self, stage: Stage, actors: Actors, unit: httpx.AsyncClient, paths: dict[str, str]) -> None:
        self.stage, self.actors, self.unit, self.paths = stage, actors, unit, paths

    async def put_into(self, kind: type[Record], state: str) -> None:
        changes: dict[str, Any] = {"state": state}
        if kind is Pledge:
            # As after a promise: nothing delivered, nobody rated.
            changes |= {"delivered_quantity": 0, "unit_stars": None, "community_stars": None}
            if state in {"delivered", "disputed"}:
                changes["delivered_quantity"] = 1
        async with self.stage.runtime.database.transaction() as session:
            await session.execute(update(kind).values(changes))
            # One of the need is promised, whatever the commands before have done.
            await session.execute(update(Need).values(open_quantity=1, confirmed_quantity=0, proposed=0))
            await session.execute(update(Offer).values(reserved=1, proposed=0))
            if kind is not Offer:
                await session.execute(update(Offer).values(state="published"))
            if kind is not Need:
                await session.execute(update(Need).values(state="partly_matched"))

    async def command(self, kind: type[Record], command: str) -> httpx.Response:
        client = self.unit if command in BY_UNIT else self.actors.clerk
        path, body = self.paths[kind.__tablename__], BODIES.get(command)
        if command == "edit":
            content = offer_form(self.stage.clock.now(), at_home=True)
            return await client.put(path, json=content)
        if command == "schedule":
            body = {"at": (self.stage.clock.now() + timedelta(days=2)).isoformat()}
        return await client.post(f"{path}/{command}", json=body)


@pytest.fixture
async def scene(sqlite_stage: Stage) -> Scene:
    actors = Actors(sqlite_stage)
    unit = await actors.unit()
    # Goods alone would be listed at once; what comes into the home waits for a person in between.
    offer = await actors.offer(unit, total=9, at_home=True)
    await actors.clerk.post(f"/offers/{offer['id']}/publish")
    need = (await actors.clerk.post("/needs", json=need_form(quantity=2))).json()
    match = (await actors.matches(need_id=need["id"]))[0]
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    pledge = (await unit.post(f"/matches/{match['id']}/accept", json={"quantity": 1})).json()
    paths = {
        "units": f"/units/{UNIT_CODE}",
        "offers": f"/offers/{offer['id']}",
        "needs": f"/needs/{need['id']}",
        "matches": f"/matches/{match['id']}",
        "pledges": f"/pledges/{pledge['id']}",
    }
    return Scene(sqlite_stage, actors, unit, paths)


TABLES: list[tuple[type[Record], Lifecycle]] = [
    (Unit, UNIT),
    (Offer, OFFER),
    (Need, NEED),
    (Match, MATCH),
    (Pledge, PLEDGE),
]
CASES = [(kind, table, state) for kind, table in TABLES for state in table.transitions]
# Accepting makes a pledge and is proved by the road; a match has one pledge only.
PROVED_ELSEWHERE = {(Match, "offered", "accept")}
# Before the community asks, a match is none of the unit's business: it is not even refused, it is not there.
NOT_THERE = {(Match, "proposed", "accept"), (Match, "community_ok", "accept")}


@pytest.mark.parametrize(("kind", "table", "state"), CASES, ids=[f"{t.word}-{s}" for _, t, s in CASES])
async def test_each_command_does_what_the_table_says_or_is_refused_with_what_is_possible(
    scene: Scene, kind: type[Record], table: Lifecycle, state: str
) -> None:
    for command in sorted(table.commands - table.inner):
        if (kind, state, command) in PROVED_ELSEWHERE:
            continue
        await scene.put_into(kind, state)
        answer = await scene.command(kind, command)
        after = table.transitions[state].get(command)
        if (kind, state, command) in NOT_THERE:
            assert answer.status_code == 404, (command, answer.text)
        elif after is None:
            assert answer.status_code == 409, (command, answer.text)
            problem = answer.json()
            assert problem["type"] == "urn:sanlian:problem:illegal-transition"
            assert problem["allowed"] == list(table.allowed(state))
        else:
            assert answer.status_code == 200, (command, answer.text)
            assert answer.json()["state"] == after, command
            assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


def test_every_state_can_be_reached_and_leads_only_to_states_of_its_table() -> None:
    for _, table in TABLES:
        led_to = {after for row in table.transitions.values() for after in row.values()}
        first = next(iter(table.transitions))
        beginnings = {first, "published", "community_ok"}
        assert led_to <= table.transitions.keys(), table.word
        assert table.transitions.keys() <= led_to | beginnings, table.word


async def test_each_step_leaves_who_when_and_why_in_the_trail(sqlite_stage: Stage) -> None:
    from sqlalchemy import select

    from services.partners.models import HistoryEntry

    actors = Actors(sqlite_stage)
    unit = await actors.unit()
    offer = await actors.offer(unit)
    reason = {"reason": "season_over", "note": "季节已过"}
    await actors.clerk.post(f"/offers/{offer['id']}/suspend", json=reason)
    async with sqlite_stage.runtime.database.reading() as session:
        query = select(HistoryEntry).where(HistoryEntry.record == "offer").order_by(HistoryEntry.version)
        trail = (await session.scalars(query)).all()
    assert [(one.command, one.from_state, one.to_state) for one in trail] == [
        ("post", None, "draft"),
        ("submit", "draft", "submitted"),
        ("publish", "submitted", "published"),
        ("suspend", "published", "suspended"),
    ]
    assert (trail[0].who, trail[0].role) == (f"unit:{UNIT_CODE}", "partner_contact")
    assert (trail[3].who, trail[3].reason, trail[3].note) == (
        "620102014006:clerk",
        "season_over",
        "季节已过",
    )
    assert trail[3].at == sqlite_stage.clock.now()
