"""Handler hop: queue to inbox, change and outbox, to ack; beside it pgbench commits the same three rows."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from bench.harness import COMMUNITY, ground, run, running, say, until
from sanlian.demo.records import demo_data
from services.grid.app import PLAN
from services.grid.areas.commands import put_area
from shared.auth import Caller, Role
from shared.bus import Receive
from shared.bus.rabbit import RabbitBus
from shared.bus.topology import declare_all
from shared.envelope import Cause, Packed, seal
from shared.events.intake import IssueReported, IssueSnapshot, IssueState, Point
from shared.runtime import Runtime

EVENTS = 20_000


async def main() -> None:
    """Measure and print."""
    with ground() as servers:
        limit = await asyncio.to_thread(servers.hops_per_second)
        await declare_all(servers.amqp_url, {"grid": PLAN.service.types}, (1, 10, 60, 600))
        publisher, consumer = (RabbitBus(servers.amqp_url, name=name) for name in ("bench", "grid"))
        await publisher.start()
        events = _reported(EVENTS)
        for start in range(0, EVENTS, 500):
            await publisher.publish(events[start : start + 500])
        async with running(PLAN, servers.database("grid"), bus=consumer) as runtime:
            outbox = runtime.plan.service.outbox
            await _draw(runtime)

            async def all_done() -> bool:
                async with runtime.database.reading() as session:
                    return int(await session.scalar(select(func.count()).select_from(outbox)) or 0) >= EVENTS

            began = time.perf_counter()
            await _consume(consumer, runtime.host.receive)
            await until(all_done)
            rate = EVENTS / (time.perf_counter() - began)
            await consumer.close()
        await publisher.close()
        say("handler_hop", rate, "events/s", rate / limit)


async def _draw(runtime: Runtime[Any]) -> None:
    secretary = Caller("bench", frozenset({Role.COMMUNITY_SECRETARY}), (COMMUNITY,))
    data = demo_data()
    async with runtime.host.work(caller=secretary) as work:
        for area in (*data.grids, *data.micro_grids):
            shape = {"type": "Polygon", "coordinates": [list(area.polygon)]}
            given = {"name": area.name, "layout": None, "households": area.households, "shape": shape}
            await put_area(work, area.code, given)


async def _consume(bus: RabbitBus, receive: Receive) -> None:
    await bus.start()
    await bus.subscribe("grid", PLAN.service.types, receive)


def _reported(count: int) -> Sequence[Packed]:
    now = datetime.now(UTC)
    return [
        seal(
            IssueReported(issue=_issue(number, now), point=Point(longitude=103.8797, latitude=36.0519)),
            occurred_at=now,
            cause=Cause(correlation_id=uuid4()),
        )
        for number in range(count)
    ]


def _issue(number: int, now: datetime) -> IssueSnapshot:
    return IssueSnapshot(
        id=uuid7(),
        version=1,
        no=f"WLD-20260305-{number:04d}",
        community_code=COMMUNITY,
        street_code=COMMUNITY[:9],
        area_code=COMMUNITY,
        state=IssueState.reported,
        channel="grid_patrol",
        category="0503",
        urgency=None,
        level=1,
        max_level=1,
        colour="blue",
        pillar="hearts",
        privacy_class=0,
        affected_households=1,
        handler=None,
        assignment_round=0,
        decline_count=0,
        reopen_count=0,
        reported_at=now,
        due_accept=None,
        due_respond=None,
        due_resolve=None,
        outcome_code=None,
    )


if __name__ == "__main__":
    run(main)
