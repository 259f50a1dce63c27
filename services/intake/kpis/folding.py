"""The figures kept up with what happens: the timeline is read on, and each issue in it is counted anew.

Counting an issue again changes nothing but what is new about it, so a line may be met twice. Nothing is
added to the work of those who report and handle issues, and one replica counts at a time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy import Table, select, text
from sqlalchemy.dialects import postgresql, sqlite

from services.intake.issues.models import Issue, TimelineEntry
from services.intake.kpis.cases import read_cases
from services.intake.kpis.marks import Marks, marks_of, read, written
from services.intake.kpis.models import KpiProgress, KpiSheet, KpiSum
from services.intake.kpis.rules import KpiRules
from services.intake.settings import IntakeSettings
from shared import bulk
from shared.host import Host
from shared.service import Work

PROGRESS, SHEETS, SUMS = (cast(Table, model.__table__) for model in (KpiProgress, KpiSheet, KpiSum))
TIMELINE = "timeline"
LINES = 500
_NONE_YET = UUID(int=0)
_EVERY_S = 5.0
# Of the time that counting takes, so much again is left to those who report and handle issues.
_REST = 3.0
_OLDEST_OPEN = text(
    "SELECT min(xact_start) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)

Key: TypeAlias = tuple[date, str, str, str]


async def fold(work: Work, before: UUID, most: int = LINES) -> int:
    """Count what the next lines of the timeline tell, up to an id, and say how many lines there were.

    Another replica that is at it already makes this one find nothing.
    """
    last = await held_progress(work)
    if last is None:
        return 0
    line = TimelineEntry
    query = (
        select(line.id, line.issue_id).where(line.id > last, line.id < before).order_by(line.id).limit(most)
    )
    lines = (await work.session.execute(query)).all()
    if lines:
        await count_anew(work, sorted({row.issue_id for row in lines}))
        await work.session.execute(PROGRESS.update().values(last_line=lines[-1].id))
    return len(lines)


async def recount(work: Work, after: UUID, most: int = LINES) -> tuple[UUID, int, int]:
    """Count the next issues by their ids, whatever was counted before.

    Returns the last id (that of `after` where there was none), how many there were, how many were wrong.
    """
    if await held_progress(work) is None:
        return after, 0, 0
    query = select(Issue.id).where(Issue.id > after).order_by(Issue.id).limit(most)
    ids = (await work.session.scalars(query)).all()
    return (ids[-1] if ids else after), len(ids), await count_anew(work, ids)


async def count_anew(work: Work, ids: Sequence[UUID]) -> int:
    """Bring the sums up to these issues as they stand now, and say of how many something was new."""
    rules, zone = work.part(KpiRules), work.part(IntakeSettings).zone
    query = select(SHEETS).where(SHEETS.c.issue_id.in_(ids))
    known = {
        row.issue_id: _Sheet(row.area_code, row.category, read(row.marks))
        for row in await work.session.execute(query)
    }
    change, rows = _Change(), []
    for issue_id, area, category, case in await read_cases(work, ids):
        sheet, old = _Sheet(area, category, marks_of(case, rules, zone)), known.get(issue_id)
        if sheet == old:
            continue
        change.add(sheet, 1)
        if old is not None:
            change.add(old, -1)
        row = {"issue_id": issue_id, "area_code": area, "category": category, "marks": written(sheet.marks)}
        rows.append(row)
    await _put(work, SHEETS, rows, adds=False)
    await _put(work, SUMS, change.rows(), adds=True)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Sheet:
    area: str
    category: str
    marks: Marks


@dataclass(slots=True)
class _Change:
    """What is to be added to the sums; what cancels out is left."""

    numerators: Counter[Key] = field(default_factory=Counter)
    denominators: Counter[Key] = field(default_factory=Counter)

    def add(self, sheet: _Sheet, sign: int) -> None:
        for (code, day), (numerator, denominator) in sheet.marks.items():
            key = (day, sheet.area, sheet.category, code)
            self.numerators[key] += sign * numerator
            self.denominators[key] += sign * denominator

    def rows(self) -> list[Mapping[str, object]]:
        return [
            {
                "day": day,
                "area_code": area,
                "category": category,
                "kpi": code,
                "numerator": self.numerators[day, area, category, code],
                "denominator": denominator,
            }
            for (day, area, category, code), denominator in sorted(self.denominators.items())
            if denominator or self.numerators[day, area, category, code]
        ]


async def _put(work: Work, table: Table, rows: Sequence[Mapping[str, object]], *, adds: bool) -> None:
    """Insert the rows; where one is there already, add to its numbers or replace what it holds."""
    if not rows:
        return
    is_sqlite = work.host.database.is_sqlite
    insert = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    changes = {
        column.name: column + insert.excluded[column.name] if adds else insert.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    await work.session.execute(insert.on_conflict_do_update(index_elements=keys, set_=changes), list(rows))


async def settled(work: Work) -> UUID:
    """An id below which no line will be added any more: all transactions that might were begun later."""
    moment = datetime.now(UTC)
    if not work.host.database.is_sqlite:
        moment = min(moment, await work.session.scalar(_OLDEST_OPEN) or moment)
    return first_id_at(moment - timedelta(seconds=work.part(KpiRules).settle_seconds))


def first_id_at(moment: datetime) -> UUID:
    """The lowest id (RFC 9562, version 7) that can be made at a moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


async def held_progress(work: Work) -> UUID | None:
    """The last line that was counted, held so that nobody counts until the transaction ends.

    None where somebody else holds it.
    """
    query = select(PROGRESS.c.last_line).with_for_update(skip_locked=True)
    last: UUID | None = await work.session.scalar(query)
    if last is None:
        await bulk.insert_new(
            work.session, PROGRESS, [{"name": TIMELINE, "last_line": _NONE_YET}], key="name"
        )
        last = await work.session.scalar(query)
    return last


async def keep_count(host: Host) -> None:
    """Read the timeline on for good, and never take more than a quarter of the time."""
    while True:
        began = time.monotonic()
        async with host.work() as work:
            lines = await fold(work, await settled(work))
        taken = time.monotonic() - began
        await asyncio.sleep(taken * _REST if lines == LINES else _EVERY_S)


async def count_all(host: Host) -> tuple[int, int]:
    """Count every issue anew beside the running service: how many there were, how many stood wrong."""
    after, issues, corrected = _NONE_YET, 0, 0
    while True:
        async with host.work() as work:
            after, found, wrong = await recount(work, after)
        issues, corrected = issues + found, corrected + wrong
        if not found:
            return issues, corrected
