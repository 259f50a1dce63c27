"""Taking a file of reports in: all of it in one transaction, or nothing."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from services.intake.channels.sources import known_sources
from services.intake.imports.rows import Row, Table, find_known
from services.intake.imports.rules import ImportRules
from services.intake.issues.reports import report_issues
from shared.auth import Caller
from shared.idempotency import Answer
from shared.service import Work
from shared.web import Grouped


class Imports(Grouped[Table]):
    """Takes one file at a time: each is a transaction of its own."""

    def __init__(self) -> None:
        super().__init__(take_tables, most=1)


async def take_tables(work: Work, items: Sequence[tuple[Table, Caller]]) -> Sequence[Answer]:
    """Report every row as if it came by itself. Raises `UnfitTable` for what has come in before."""
    return [await _take(work, table.rows, caller) for table, caller in items]


async def _take(work: Work, rows: Sequence[Row], caller: Caller) -> Answer:
    refs = [(row.report.channel, row.report.body.source_ref) for row in rows]
    known = await known_sources(work.session, [(channel, ref) for channel, ref in refs if ref is not None])
    find_known(rows, {ref: no for (_, ref), no in known.items()}, work.part(ImportRules))
    answers = await report_issues(work, [(row.report, caller) for row in rows])
    issues = [_line(row, orjson.loads(answer.body)) for row, answer in zip(rows, answers, strict=True)]
    body = orjson.dumps({"count": len(issues), "issues": issues})
    return Answer(201, {"content-type": "application/json"}, body)


def _line(row: Row, said: dict[str, object]) -> dict[str, object]:
    return {
        "row": row.number,
        "id": str(UUID(str(said["id"]))),
        "no": said["no"],
        "state": said["state"],
        "track_code": said["track_code"],
    }
