"""Events wait in their owner's database until the bus has them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from time import monotonic
from typing import NamedTuple, cast

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Uuid, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import bulk
from shared.bus import Bus, Unavailable
from shared.db import BigId, Database, UtcDateTime, is_passing, straight
from shared.envelope import Packed

log = logging.getLogger(__name__)

# Commits that may wait to be passed on; what comes beyond is found in the table.
MOST_HANDED = 10_000
# What was published is deleted this much later at most: a kill in between publishes it again.
TIDY_S = 0.2
LONGEST_PAUSE_S = 5.0

# The array keeps the planner on the primary key, and RETURNING makes claim and removal one statement.
_TAKE = (
    "DELETE FROM outbox WHERE position = ANY(ARRAY("
    "SELECT position FROM outbox WHERE stored_at <= now() - make_interval(secs => $2)"
    " ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED"
    ")) RETURNING position, id, type, body"
)


def outbox_table(metadata: MetaData) -> Table:
    """The events that the bus does not have yet: a published row is deleted, so the table stays small."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigId, primary_key=True, autoincrement=True),
        # Told apart by every inbox, not here: an index would cost each event more than its place in the row.
        Column("id", Uuid, nullable=False),
        Column("type", String, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("stored_at", UtcDateTime, nullable=False, server_default=func.now()),
        sqlite_autoincrement=True,
    )


async def store(session: AsyncSession, outbox: Table, messages: Sequence[Packed]) -> list[int]:
    """Put the events beside the change that they tell of, in one statement; returns their positions."""
    rows = [{"id": one.id, "type": one.type, "body": one.body} for one in messages]
    return await bulk.insert_returning(session, outbox, rows, column="position")


async def look(database: Database, outbox: Table) -> None:
    """Raise where the database does not answer, or has not been migrated."""
    async with database.reading() as session:
        await session.execute(select(outbox.c.position).limit(1))


async def backlog(database: Database, outbox: Table) -> tuple[int, datetime | None]:
    """How many events wait, and since when the oldest does."""
    async with database.reading() as session:
        row = (await session.execute(select(func.count(), func.min(outbox.c.stored_at)))).one()
        return int(row[0]), cast(datetime | None, row[1])


class _Handed(NamedTuple):
    """What one commit left: when it was handed over, where it stands in the table, and the events."""

    at: float
    positions: Sequence[int]
    messages: Sequence[Packed]


class Relay:
    """Moves events from the outbox to the bus. Any number of relays may work on one outbox.

    What a commit of this process left behind is handed to the relay, which publishes it from memory and
    deletes it from the table a little later, many at once. The table itself is read for what nobody
    published: what a crash left, or gathered while the bus was away. A kill at any line repeats events,
    and never loses one.
    """

    def __init__(
        self,
        database: Database,
        outbox: Table,
        bus: Bus,
        *,
        batch: int = 500,
        sweep_s: float = 1.0,
        settled_s: float = 3.0,
        published: Callable[[int], None] = lambda count: None,
    ) -> None:
        """`settled_s`: the age from which an event in the table counts as left behind by its process."""
        self._database, self._outbox, self._bus = database, outbox, bus
        self._batch, self._sweep_s, self._settled_s = batch, sweep_s, settled_s
        self._published = published
        self._woken = asyncio.Event()
        # What is to be published, with its places in the table; and the places of what was published.
        self._handed: deque[_Handed] = deque()
        self._gone: list[int] = []
        # Behind, it works through the table, and lets nobody hand it what it will find there.
        self.is_behind = True
        self._tidy_at = self._swept = 0.0

    def hand(self, positions: Sequence[int], messages: Sequence[Packed]) -> None:
        """Pass on what a commit of this process stored at these positions."""
        if not self.is_behind and len(self._handed) < MOST_HANDED:
            self._handed.append(_Handed(monotonic(), positions, messages))
        self._woken.set()

    async def run(self) -> None:
        """Relay for good: at once what is handed over, and every `sweep_s` what was left behind."""
        pause = 0.1
        while True:
            try:
                await self._step()
            except Exception as error:
                self._fall_behind()
                if not isinstance(error, Unavailable) and not is_passing(error):
                    raise
                log.warning("the outbox waits: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            pause = 0.1

    async def drain(self) -> None:
        """Publish until nothing is left."""
        self._fall_behind()
        await self._forget()
        while await self.once():
            pass

    async def once(self) -> int:
        """Publish one batch of the table, however young, and say how many events went."""
        return await self._take(older_than_s=0)

    def _fall_behind(self) -> None:
        self.is_behind = True
        self._handed.clear()

    async def _step(self) -> None:
        now = monotonic()
        if self._gone and (now >= self._tidy_at or len(self._gone) >= self._batch):
            await self._forget()
        if self.is_behind:
            # A file has one relay, so nothing in it is on its way at the hands of another.
            age = 0 if self._database.is_sqlite else self._settled_s
            self.is_behind = await self._take(older_than_s=age) >= self._batch
        elif now >= self._swept + self._sweep_s:
            self._swept = now
            self.is_behind = await self._take(older_than_s=self._settled_s) >= self._batch
        elif self._handed and now > self._handed[0].at + self._settled_s / 2:
            # Soon the sweeps would take for left behind what still waits here: the table is the longer line.
            self._fall_behind()
        elif self._handed:
            await self._pass_on()
        else:
            await self._wait(TIDY_S if self._gone else self._sweep_s)

    async def _pass_on(self) -> None:
        positions: list[int] = []
        messages: list[Packed] = []
        while self._handed and len(messages) < self._batch:
            handed = self._handed.popleft()
            positions.extend(handed.positions)
            messages.extend(handed.messages)
        await self._bus.publish(messages)
        if not self._gone:
            self._tidy_at = monotonic() + TIDY_S
        self._gone.extend(positions)
        self._published(len(messages))

    async def _forget(self) -> None:
        gone = self._gone[: self._batch]
        while gone:
            async with self._database.transaction() as session:
                await bulk.delete_all(session, self._outbox, gone, key="position")
            del self._gone[: len(gone)]
            gone = self._gone[: self._batch]

    async def _take(self, *, older_than_s: float) -> int:
        take = self._keep_until_taken if self._database.is_sqlite else self._take_away
        moved = await take(older_than_s)
        self._published(moved)
        return moved

    async def _take_away(self, older_than_s: float) -> int:
        async with self._database.transaction() as session:
            rows = await straight(session, _TAKE, [self._batch, older_than_s])
            if rows:
                await self._bus.publish([
                    Packed(id=id, type=type, body=body)
                    for _, id, type, body in sorted(rows, key=itemgetter(0))
                ])
        return len(rows)

    async def _keep_until_taken(self, older_than_s: float) -> int:
        # One connection writes, so a transaction held open while subscribers work would stop them.
        table = self._outbox
        until = datetime.now(UTC) - timedelta(seconds=older_than_s)
        query = select(table).where(table.c.stored_at <= until).order_by(table.c.position)
        async with self._database.reading() as session:
            rows = (await session.execute(query.limit(self._batch))).all()
        if rows:
            await self._bus.publish([Packed(id=row.id, type=row.type, body=row.body) for row in rows])
            async with self._database.transaction() as session:
                await bulk.delete_all(session, table, [row.position for row in rows], key="position")
        return len(rows)

    async def _wait(self, seconds: float) -> None:
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
