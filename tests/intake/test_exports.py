"""The list as a file: the same issues, nothing that a spreadsheet would carry out, little memory."""

import asyncio
import csv
import io
import json
import sqlite3
import tracemalloc
import zipfile
from contextlib import closing
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import select, text

from services.intake.exports import workbook
from services.intake.exports.formats import GeoJson
from services.intake.exports.records import Order, read_records
from services.intake.exports.rules import ExportRules
from services.intake.exports.streams import KINDS, stream
from services.intake.exports.values import Record
from services.intake.exports.workbook import Xlsx
from services.intake.lists.bodies import Filter
from services.intake.models import READ_LOG
from shared.auth import Caller, Role
from shared.clock import LOCAL_ZONE
from shared.testing import COMMUNITY, Stage
from tests.intake.conftest import MORNING
from tests.intake.people import GRID, People, located

WHY = {"reason": "the monthly review of the community"}
FORMULAS = ("=1+1", "+86", "-1", "@sum", "\uff1dcmd()", "\uff0b1")


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_a_table_holds_what_the_list_shows_in_the_words_of_its_reader(people: People) -> None:
    done = await people.issue("closed")
    await people.report(title="楼道堆物,很久了", channel="resident_app")
    rows = table(await people.clerk.get("/exports/issues.csv"))
    assert [(row["编号"], row["状态"], row["是否解决"]) for row in rows[1:]] == [(done["no"], "销号", "是")]
    assert rows[0]["标题"] == "楼道堆物,很久了"
    assert rows[1]["上报时间"] == "2026-03-05 10:00:00"
    narrowed = await people.clerk.get("/exports/issues.csv?open=true&lang=en")
    assert [(row["State"], row["Category name"]) for row in table(narrowed)] == [("reported", "")]
    assert narrowed.headers["content-disposition"] == 'attachment; filename="issues-2026-03-05.csv"'


async def test_a_table_is_cut_to_the_areas_of_its_reader_and_shows_no_sensitive_words(
    stage: Stage, people: People
) -> None:
    seen = await people.report(title="in my grid")
    await stage.give(located(seen, GRID))
    await people.report(people.clerk, category="0305", channel="walk_in", title="alone and frail")
    assert [row["标题"] for row in table(await people.worker.get("/exports/issues.csv"))] == ["in my grid"]
    titles = [row["标题"] for row in table(await people.clerk.get("/exports/issues.csv"))]
    assert titles == ["", "in my grid"]
    assert {row["标题"] for row in table(await people.officer.get("/exports/issues.csv"))} == {""}
    for stranger in (people.resident, people.partner):
        assert (await stranger.get("/exports/issues.csv")).status_code == 403
    assert (await people.clerk.get("/exports/issues.pdf")).status_code == 422
    assert (await people.clerk.get("/exports/issues.csv?colour=green")).status_code == 422


async def test_names_and_phones_leave_only_with_a_reason_and_a_line_in_the_log(
    stage: Stage, people: People
) -> None:
    reporter = {"name": "王小明", "phone": "13912345678"}
    said = {"channel": "phone", "text": "晚上很黑", "location": {"address": "三单元"}, "reporter": reporter}
    await people.report(people.clerk, category="0305", **said)
    path = "/exports/issues.csv?open=true"
    assert "王小明" not in (await people.clerk.get(path)).text
    for client, body, headers in (
        (people.worker, WHY, {}),
        (people.clerk, {"reason": " . "}, {}),
        (people.clerk, WHY, {"Idempotency-Key": "k"}),
    ):
        assert (await client.post(path, json=body, headers=headers)).status_code in {403, 422}
    async with stage.host.look() as work:
        assert (await work.session.execute(select(READ_LOG))).all() == []
    (row,) = table(await people.clerk.post(path, json=WHY))
    assert (row["反映人"], row["联系电话"], row["内容"], row["地址"]) == (
        "王小明",
        "13912345678",
        "晚上很黑",
        "三单元",
    )
    async with stage.host.look() as work:
        entry = (await work.session.execute(select(READ_LOG))).one()
    assert (entry.reader, entry.subject, entry.reason) == (
        "c-1",
        "export of issues: open=true",
        WHY["reason"],
    )
    assert {"reporter_name", "reporter_phone", "text"} <= set(entry.fields)


async def test_no_value_is_a_formula_and_a_workbook_opens_in_another_program(people: People) -> None:
    for number, title in enumerate(FORMULAS):
        await people.report(title=f"{title} {number} <&> 😀 \x0b")
    rows = table(await people.clerk.get("/exports/issues.csv"))
    assert all(row["标题"][0] not in "=+-@\uff1d\uff0b" for row in rows)
    answer = await people.clerk.get("/exports/issues.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    head, *cells = list(book["issues 1"].iter_rows(values_only=True))
    assert head[:3] == ("编号", "标题", "状态")
    assert {str(row[1])[:2] for row in cells} == {title.strip()[:2] for title in FORMULAS}
    assert all("😀" in str(row[1]) and "\x0b" not in str(row[1]) for row in cells)
    assert cells[0][head.index("上报时间")] == MORNING.astimezone(LOCAL_ZONE).replace(tzinfo=None)
    assert {cell.data_type for row in book["issues 1"].iter_rows() for cell in row} <= {
        "s",
        "n",
        "d",
        "inlineStr",
    }


async def test_a_map_holds_points_that_its_reader_may_know_and_is_valid_when_empty(people: People) -> None:
    empty = (await people.clerk.get("/exports/issues.geojson")).json()
    assert empty == {"type": "FeatureCollection", "features": []}
    point = {"longitude": 103.8797, "latitude": 36.0519}
    await people.report(location={"point": point})
    await people.report(people.clerk, category="0305", channel="walk_in", location={"point": point})
    features = (await people.clerk.get("/exports/issues.geojson")).json()["features"]
    assert [feature["geometry"] for feature in features] == [
        None,
        {"type": "Point", "coordinates": [103.8797, 36.0519]},
    ]
    assert features[1]["properties"]["reported_at"] == "2026-03-05T02:00:00+00:00"


async def test_chunks_join_without_gap_or_double_while_issues_end(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = stage.host.parts[ExportRules]
    assert isinstance(rules, ExportRules)
    stage.host.parts[ExportRules] = rules.model_copy(update={"chunk": 2})
    issues = [await people.report() for _ in range(5)]
    caller = Caller("c-1", frozenset({Role.COMMUNITY_CLERK}), (COMMUNITY,))
    told: list[str] = []
    async for records in read_records(stage.host, Order(caller, Filter(), "en")):
        if not told:
            await people.tell("withdraw", issues[4], people.resident)
            await people.tell("withdraw", issues[0], people.resident)
        told += [str(record.values["no"]) for record in records]
    assert sorted(told) == [issue["no"] for issue in issues]


def record(number: int) -> Record:
    return Record({"no": f"WLD-20260305-{number:04}", "title": "二单元路灯不亮" * 4, "level": number}, None)


def test_rows_that_are_too_many_for_a_sheet_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 4)
    made = Xlsx(["no", "title"], ["No", "Title"], LOCAL_ZONE)
    content = made.begin() + made.write([record(number) for number in range(7)]) + made.end()
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [len(list(sheet.rows)) for sheet in book] == [4, 4, 2]


def test_chunks_of_a_map_are_one_document() -> None:
    made = GeoJson(["no"], [], LOCAL_ZONE)
    whole = made.begin() + made.write([record(1)]) + made.write([record(2), record(3)]) + made.end()
    assert len(json.loads(whole)["features"]) == 3


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_longer_table_needs_no_more_memory(kind: str) -> None:
    made, peaks = KINDS[kind].make(["no", "title", "level"], ["No", "Title", "Level"], LOCAL_ZONE), []
    made.begin()
    tracemalloc.start()
    for round_ in range(6):
        tracemalloc.reset_peak()
        made.write([record(number) for number in range(round_ * 500, round_ * 500 + 500)])
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    made.end()
    assert max(peaks[3:]) < 1.3 * max(peaks[:3])


async def test_a_reader_who_stops_half_way_holds_nothing(stage: Stage, people: People) -> None:
    await people.report()
    caller = Caller("c-1", frozenset({Role.COMMUNITY_CLERK}), (COMMUNITY,))
    async with stage.host.look(caller=caller) as work:
        parts = stream(work, Order(caller, Filter(), "en"), "csv")
    assert (await anext(parts)).startswith(b"\xef\xbb\xbf")
    await anext(parts)
    database = stage.host.database
    if database.is_sqlite:
        assert await asyncio.to_thread(waits, str(database.engine.url.database)) == 0
    else:
        async with stage.host.look() as work:
            assert await work.session.scalar(text(OPEN_ONES)) == 0


OPEN_ONES = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'"
)


def waits(path: str) -> int:
    """Whether a checkpoint has to wait for a reader."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return int(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def test_the_words_of_a_rule_file_must_be_whole() -> None:
    rules: dict[str, Any] = {"chunk": 1, "columns": [], "personal": [], "words": {"state": {}}}
    with pytest.raises(ValueError, match=r"words\.state has no word for accepted"):
        ExportRules.model_validate(rules)
