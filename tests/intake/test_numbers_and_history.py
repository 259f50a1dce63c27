"""What holds whoever works at the same time: numbers without gaps or doubles, timelines that only grow."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import cast
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.intake.app import PLAN, ROUTERS
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.numbers import take_numbers
from services.intake.models import Base
from shared import migrations
from shared.auth import Role
from shared.clock import FakeClock
from shared.db import Database
from shared.testing import Stage, staged
from tests.intake.conftest import MORNING
from tests.intake.people import People
from tests.servers.postgres import PostgresServer

CROWD, EACH = 12, 5
TIMELINE = cast(Table, TimelineEntry.__table__)
LINE = {
    "id": UUID(int=1),
    "issue_id": UUID(int=2),
    "version": 1,
    "at": MORNING,
    "actor": "u-1",
    "role": "resident",
    "command": "report",
    "to_state": "reported",
    "evidence": [],
    "data": {},
}


class Abandoned(Exception):
    """A unit of work that took numbers and came to nothing."""


@pytest.fixture
async def replicas(make_database: Callable[[str], str]) -> AsyncIterator[tuple[Stage, Stage, str]]:
    """Two replicas of intake on one PostgreSQL."""
    url, clock = make_database("numbers"), FakeClock(MORNING)
    async with (
        staged(PLAN, ROUTERS, database_url=url, clock=clock) as one,
        staged(PLAN, ROUTERS, database_url=url, clock=clock, anew=False) as other,
    ):
        yield one, other, url


async def report_in_turn(stage: Stage, name: str) -> list[str]:
    """Report some matters, one after the other."""
    async with stage.client(Role.RESIDENT, areas=(), subject=f"resident:{name}") as resident:
        return [await report_until_taken(resident, f"{name}-{turn}") for turn in range(EACH)]


async def report_until_taken(resident: httpx.AsyncClient, name: str) -> str:
    """Report a matter and return its number; a key says that it is the same one each time."""
    refusals: list[str] = []
    while len(refusals) < 200:
        answer = await resident.post("/issues", json={"title": name}, headers={"Idempotency-Key": name})
        if answer.status_code == 201:
            return str(answer.json()["no"])
        assert answer.status_code >= 500, answer.text
        refusals.append(answer.text)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{name} is not taken: {refusals[-1]}")


async def abandon(stage: Stage) -> None:
    """Take numbers as a report does, and then fail."""
    with suppress(Abandoned, DBAPIError):
        async with stage.host.work() as work:
            await take_numbers(work.session, "WLD", date(2026, 3, 5), 3)
            raise Abandoned


async def test_numbers_have_no_gaps_and_no_doubles_whoever_fails_meanwhile(
    replicas: tuple[Stage, Stage, str], postgres_general: PostgresServer
) -> None:
    one, other, url = replicas

    async def disturb() -> None:
        for turn in range(8):
            await asyncio.sleep(0.03)
            await abandon(other if turn % 2 else one)
            if turn % 3 == 0:
                await postgres_general.terminate_connections(url)

    crowd = [report_in_turn(other if n % 2 else one, str(n)) for n in range(CROWD)]
    *told, _ = await asyncio.gather(*crowd, disturb())
    numbers = sorted(no for some in told for no in some or ())
    assert numbers == [f"WLD-20260305-{n:04d}" for n in range(1, CROWD * EACH + 1)]
    database = Database(url)
    async with database.reading() as session:
        assert sorted(await session.scalars(select(Issue.no))) == numbers
    await database.close()


async def test_no_line_of_a_timeline_is_changed_or_taken_away(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    mine = TIMELINE.c.issue_id == UUID(issue["id"])
    for forbidden in (
        delete(TIMELINE).where(mine),
        update(TIMELINE).where(mine).values(to_state="closed"),
        update(TIMELINE).where(mine).values(data={"by": "nobody"}),
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with stage.host.work() as work:
                await work.session.execute(forbidden)
    # Words and names are no facts: the law may ask to erase them.
    async with stage.host.work() as work:
        await work.session.execute(update(TIMELINE).where(mine).values(note=None, actor="erased"))
    assert await people.steps(issue) == ["report", "accept", "assign"]


async def guards_after_migration(url: str) -> None:
    """What every migrated database refuses, and what it allows."""
    await migrations.upgrade("intake", Base.metadata, url)
    database = Database(url)
    async with database.transaction() as session:
        await session.execute(insert(TIMELINE).values(LINE))
        await session.execute(text("UPDATE timeline SET note = NULL"))
    for forbidden in ("UPDATE timeline SET to_state = 'closed'", "DELETE FROM timeline"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.transaction() as session:
                await session.execute(text(forbidden))
    await database.close()


async def test_a_migrated_file_guards_its_timeline_too(tmp_path: Path) -> None:
    await guards_after_migration(f"sqlite+aiosqlite:///{tmp_path}/migrated.db")


async def test_a_migrated_server_guards_its_timeline_too(make_database: Callable[[str], str]) -> None:
    await guards_after_migration(make_database("migrated"))
