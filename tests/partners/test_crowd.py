"""Many at once: whoever comes first, the counts that guide the engine agree with the records in the end."""

import asyncio
import random
from datetime import timedelta

import httpx
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select

from services.partners.clocks import watch_the_clock
from services.partners.matches.models import OPEN, Match
from services.partners.needs.models import Need
from services.partners.offers.models import Offer
from services.partners.pledges.models import Pledge
from services.partners.pledges.rules import AHEAD
from shared.bus import Unavailable
from shared.envelope import Envelope
from shared.testing import Stage
from tests.partners.actors import Actors, help_requested
from tests.partners.test_helps import closed
from tests.patience import PATIENCE_S

ISSUES = 40


class Crowd:
    """Calls for help, clerks and units, all at the same time, on few offers."""

    def __init__(self, stage: Stage, actors: Actors, units: dict[str, httpx.AsyncClient]) -> None:
        self.stage, self.actors, self.units = stage, actors, units
        self.dice = random.Random(7)

    async def deliver(self, envelopes: list[Envelope]) -> None:
        """As the bus does: what found the database busy comes again."""
        while True:
            try:
                assert await self.stage.host.receive(envelopes) == []
                return
            except Unavailable:
                await asyncio.sleep(0.01)

    async def ask(self) -> None:
        asked = [
            help_requested(self.stage.clock.now(), quantity=self.dice.randint(1, 3)) for _ in range(ISSUES)
        ]
        for start in range(0, ISSUES, 8):
            await self.deliver([self.stage.enveloped(one) for one in asked[start : start + 8]])
        for one in asked[::4]:
            await self.deliver([self.stage.enveloped(closed(9, one.issue.id))])

    async def answer(self) -> None:
        for _ in range(15):
            for match in self.dice.sample(
                found := await self.actors.matches(state="proposed"), min(1, len(found))
            ):
                await self.actors.clerk.post(f"/matches/{match['id']}/offer")
                await self.say(self.units[match["unit_code"]], match["id"])
            await self.hear()

    async def say(self, unit: httpx.AsyncClient, match_id: str) -> None:
        why = {"reason": "no_time"}
        if self.dice.random() < 0.3:
            await unit.post(f"/matches/{match_id}/decline", json=why)
            return
        pledge = await unit.post(f"/matches/{match_id}/accept")
        if pledge.status_code == 201 and self.dice.random() < 0.4:
            await unit.post(f"/pledges/{pledge.json()['id']}/cancel", json=why)

    async def hear(self) -> None:
        heard = [one for one in await self.stage.emitted() if one.type in self.stage.host.service.types]
        await self.deliver([self.stage.enveloped(one) for one in heard])


async def test_after_a_crowd_all_counts_agree_with_the_records(postgres_stage: Stage) -> None:
    actors = Actors(postgres_stage)
    units = {code: await actors.unit(code) for code in ("PU-A", "PU-B", "PU-C")}
    for unit in units.values():
        await actors.offer(unit, total=12)
    crowd = Crowd(postgres_stage, actors, units)
    await asyncio.gather(crowd.ask(), *(crowd.answer() for _ in range(3)))
    await actors.settle()
    async with postgres_stage.runtime.database.reading() as session:
        for query in disagreements():
            assert (await session.execute(query)).all() == []
        assert (await session.scalars(select(Match))).first() is not None


def disagreements() -> list[Select[*tuple[object, ...]]]:
    """Rows whose counts are not what their matches and pledges say."""
    in_match = select(func.coalesce(func.sum(Match.quantity), 0)).where(Match.state.in_(OPEN))
    in_pledge = select(func.coalesce(func.sum(Pledge.quantity), 0)).where(Pledge.state.in_(AHEAD))

    def differs(
        count: SQLColumnExpression[int], query: Select[int], end: ColumnElement[bool]
    ) -> ColumnElement[bool]:
        return count != query.where(end).scalar_subquery()

    promised = Need.quantity - Need.open_quantity
    return [
        select(Offer.id).where(differs(Offer.proposed, in_match, Match.offer_id == Offer.id)),
        select(Offer.id).where(differs(Offer.reserved, in_pledge, Pledge.offer_id == Offer.id)),
        select(Need.id).where(differs(Need.proposed, in_match, Match.need_id == Need.id)),
        select(Need.id).where(differs(promised, in_pledge, Pledge.need_id == Need.id)),
        select(Match.id)
        .join(Need, Need.id == Match.need_id)
        .where(Match.state.in_(OPEN), Need.state.not_in(("published", "partly_matched"))),
    ]


async def test_the_clock_is_watched_without_anybody_asking(sqlite_stage: Stage) -> None:
    actors = Actors(sqlite_stage)
    unit = await actors.unit()
    offer = await actors.offer(unit)
    sqlite_stage.clock.advance(timedelta(days=61))
    watching = asyncio.create_task(watch_the_clock(sqlite_stage.host))
    async with asyncio.timeout(PATIENCE_S):
        while (await unit.get(f"/offers/{offer['id']}")).json()["state"] != "expired":
            assert not watching.done()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
