"""The figures kept up with what happens: the timeline is read on, and each issue in it is counted anew.

Counting an issue again changes nothing but what is new about it, so a line may be met twice. Nothing is
added to the work of those who report and handle issues, and one replica counts at a time.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy import Table, select, text
from sqlalchemy.dialects import postgresql, sqlite

from services.intake.issues.models import Issue, TimelineEntry
from services.intake.kpis.cases import read_cases
from services.intake.kpis.marks import Marks, figure_and_day, marks_of
from services.intake.kpis.models import KpiProgress, KpiSheet, KpiSum
from services.intake.kpis.rules import KpiRules
from services.intake.settings import IntakeSettings
from shared import bulk
from shared.clock import local_date, local_midnight
from shared.host import Host
from shared.service import Work

PROGRESS, SHEETS, SUMS = (cast(Table, model.__table__) for model in (KpiProgress, KpiSheet, KpiSum))
TIMELINE = "timeline"
LINES = 500
_NONE_YET = UUID(int=0)
_EVERY_S = 5.0
# Of the time that counting takes, so much again is left to those who report and handle issues.
_REST = 9.0
_OLDEST_OPEN = text(
    "SELECT min(xact_start) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)

Key: TypeAlias = tuple[str, str, str]


async def fold(work: Work, before: UUID, most: int = LINES) -> int:
    """Count what the next lines of the timeline tell, up to an id, and say how many lines there were.

    An issue is counted with the last of its lines that are there, once however many lines of it have
    gathered; but no further than to the end of what is told of the day, which has to be whole by then.
    Another replica that is at it already makes this one find nothing.
    """
    last = await held_progress(work)
    if last is None:
        return 0
    line = TimelineEntry
    query = select(line.id, line.issue_id).where(line.id > last, line.id < before)
    found = (await work.session.execute(query.order_by(line.id).limit(most))).all()
    if not found:
        return 0
    limit = min(before, _end_of_telling(work, found[0].id))
    lines = [row for row in found if row.id < limit]
    await count_anew(work, await _complete(work, {row.issue_id for row in lines}, lines[-1].id, limit))
    await work.session.execute(PROGRESS.update().values(last_line=lines[-1].id))
    return len(lines)


async def _complete(work: Work, ids: Set[UUID], last: UUID, limit: UUID) -> list[UUID]:
    """Those of the issues that have no more lines up to the limit."""
    line = TimelineEntry
    later = select(line.issue_id).where(line.issue_id.in_(ids), line.id > last, line.id < limit)
    return sorted(ids - set(await work.session.scalars(later)))


def _end_of_telling(work: Work, line: UUID) -> UUID:
    """The id below which all must be counted before the day of this line is told."""
    zone, after = work.part(IntakeSettings).zone, timedelta(minutes=work.part(KpiRules).told_after_minutes)
    day = local_date(datetime.fromtimestamp((line.int >> 80) / 1000, UTC) - after, zone)
    return first_id_at(local_midnight(day + timedelta(days=1), zone) + after)


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
    names = ("issue_id", "area_code", "category", "marks")
    known = {
        row["issue_id"]: row for row in await bulk.fetch(work.session, SHEETS, names, ids, key="issue_id")
    }
    change, new, changed = _Change(), [], []
    for issue_id, area, category, case in await read_cases(work, ids):
        marks, old = marks_of(case, rules, zone), known.get(issue_id)
        row = {"issue_id": issue_id, "area_code": area, "category": category, "marks": marks}
        if row == old:
            continue
        change.add(area, category, marks, 1)
        if old is None:
            new.append(row)
        else:
            changed.append(row)
            change.add(old["area_code"], old["category"], old["marks"], -1)
    await bulk.insert(work.session, SHEETS, new)
    await bulk.update_all(work.session, SHEETS, changed, key="issue_id")
    await _add_up(work, change.rows())
    return len(new) + len(changed)


@dataclass(slots=True)
class _Change:
    """What is to be added to the sums, by area, category and mark; what cancels out is left."""

    numerators: Counter[Key] = field(default_factory=Counter)
    denominators: Counter[Key] = field(default_factory=Counter)

    def add(self, area: str, category: str, marks: Marks, sign: int) -> None:
        for mark, (numerator, denominator) in marks.items():
            key = (area, category, mark)
            self.numerators[key] += sign * numerator
            self.denominators[key] += sign * denominator

    def rows(self) -> list[Mapping[str, object]]:
        found: list[Mapping[str, object]] = []
        for key, denominator in sorted(self.denominators.items()):
            numerator, (area, category, mark) = self.numerators[key], key
            if numerator or denominator:
                kpi, day = figure_and_day(mark)
                found.append({
                    "day": day,
                    "area_code": area,
                    "category": category,
                    "kpi": kpi,
                    "numerator": numerator,
                    "denominator": denominator,
                })
        return found


async def _add_up(work: Work, rows: Sequence[Mapping[str, object]]) -> None:
    """Add the rows to the sums that are there; a sum of which there is none begins with them."""
    if not rows:
        return
    insert = sqlite.insert(SUMS) if work.host.database.is_sqlite else postgresql.insert(SUMS)
    keys = [column.name for column in SUMS.primary_key]
    more = {
        column.name: column + insert.excluded[column.name]
        for column in SUMS.columns
        if column.name not in keys
    }
    await work.session.execute(insert.on_conflict_do_update(index_elements=keys, set_=more), list(rows))


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
    """Read the timeline on for good, and never take more than a tenth of the time."""
    while True:
        began = time.monotonic()
        async with host.work() as work:
            lines = await fold(work, await settled(work))
        taken = time.monotonic() - began
        await asyncio.sleep(taken * _REST if lines else _EVERY_S)


async def count_all(host: Host) -> tuple[int, int]:
    """Count every issue anew beside the running service: how many there were, how many stood wrong."""
    after, issues, corrected = _NONE_YET, 0, 0
    while True:
        async with host.work() as work:
            after, found, wrong = await recount(work, after)
        issues, corrected = issues + found, corrected + wrong
        if not found:
            return issues, corrected
