"""Files of reports: taken in whole or not at all, with every fault told by row and column."""

import asyncio
import csv
import io
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import func, select

from services.intake.imports.rules import load_import_rules
from services.intake.imports.tables import read_lines
from services.intake.issues.models import Issue, Reporter
from shared.auth import Caller, Role
from shared.errors import Invalid, TooLarge
from shared.testing import COMMUNITY, Stage
from tests.intake.people import People
from tests.live import served

HEADINGS = ["标题", "内容", "类别", "小区", "报告人", "电话", "匿名", "工单号", "经度", "latitude"]
LAMP = [
    "路灯不亮",
    "二单元",
    "0503",
    "北方苑小区",
    "李明",
    "139 0000 0000",
    "否",
    "LZ-1",
    "103.8797",
    "36.0519",
]
NOISE = ["夜里施工", "", "", "", "", "", "是", "LZ-2", "", ""]

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "import-reports.md").read_text("utf-8")


def as_csv(*rows: list[str], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: list[Any]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(content)
    return content.getvalue()


async def bring(people: People, content: bytes, *, key: str | None = None, **form: str) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    files = {"file": ("list.csv", content, "application/octet-stream")}
    return await people.clerk.post("/imports", files=files, data=form, headers=headers)


async def issues_in(stage: Stage) -> int:
    async with stage.host.look() as work:
        return await work.session.scalar(select(func.count()).select_from(Issue)) or 0


def faults(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {one["field"]: one["message"] for one in answer.json()["errors"]}


@pytest.mark.parametrize("form", ["utf-8", "gb18030", "xlsx"])
async def test_every_row_becomes_an_issue_as_if_it_came_by_itself(
    stage: Stage, people: People, form: str
) -> None:
    numbers: list[Any] = [*LAMP]
    numbers[2], numbers[5], numbers[8] = 503, 13900000000.0, 103.8797
    content = (
        as_xlsx(HEADINGS, numbers, [None] * 10, NOISE)
        if form == "xlsx"
        else as_csv(HEADINGS, LAMP, [""] * 10, NOISE, encoding=form)
    )
    answer = await bring(people, content)
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert (said["count"], [one["row"] for one in said["issues"]]) == (2, [2, 4])
    lamp = (await people.clerk.get(f"/issues/{said['issues'][0]['id']}")).json()
    assert (lamp["channel"], lamp["category"], lamp["state"]) == ("hotline_12345", "0503", "accepted")
    assert lamp["location"]["point"] == {"longitude": 103.8797, "latitude": 36.0519}
    async with stage.host.look() as work:
        (reporter,) = (await work.session.scalars(select(Reporter))).all()
    assert (reporter.name, reporter.phone) == ("李明", "13900000000")
    seen = await people.nobody.get(f"/track/{lamp['no']}", params={"code": said["issues"][0]["track_code"]})
    assert seen.json()["state"] == "accepted"


async def test_one_bad_row_keeps_the_whole_file_out_and_every_fault_is_told(
    stage: Stage, people: People
) -> None:
    bad = ["", "x" * 4001, "9999", "", "", "call me", "perhaps", "a b", "200", "north"]
    lonely = ["x", "", "0999", "", "王", "", "是", "LZ-1", "103.8", ""]
    found = faults(await bring(people, as_csv(HEADINGS, LAMP, bad, [*NOISE, "too much"], lonely)))
    assert found["rows.3.text"] == "内容: 过长 · too long"
    assert found["rows.3.title"] == "标题: 必填 · must be filled in"
    assert found["rows.3.anonymous"] == "匿名: 填“是”或“否” · write yes or no"
    assert {
        "rows.3.reporter_phone",
        "rows.3.source_ref",
        "rows.3.longitude",
        "rows.3.latitude",
    } < found.keys()
    assert found["rows.4.column_11"] == "超出表头 · stands beyond the headings"
    assert found["rows.5.latitude"] == "纬度: 必填 · must be filled in"
    assert await issues_in(stage) == 0


async def test_rules_of_a_report_hold_for_a_row_as_well(stage: Stage, people: People) -> None:
    named = ["x", "", "", "", "王", "", "是", "", "", ""]
    unknown = ["x", "", "0999", "", "", "", "", "", "", ""]
    found = faults(await bring(people, as_csv(HEADINGS, named, unknown, LAMP, LAMP)))
    assert {"rows.2.reporter", "rows.3.category", "rows.5.source_ref"} == found.keys()
    foreign = faults(await bring(people, as_csv(HEADINGS, LAMP), channel="resident_app"))
    assert foreign.keys() == {"rows.2.channel"}
    assert (await bring(people, as_csv(HEADINGS, LAMP), channel="pigeon")).status_code == 422
    assert await issues_in(stage) == 0


async def test_headings_are_known_in_both_languages_and_no_other(people: People) -> None:
    wrong = [*HEADINGS[1:], "星座", "内容", ""]
    found = faults(await bring(people, as_csv(wrong, LAMP)))
    assert found.keys() == {"rows.1.column_10", "rows.1.text", "rows.1.title"}
    template = await people.nobody.get("/imports/template.csv")
    assert template.content.startswith(b"\xef\xbb\xbf")
    content = template.content + "路灯不亮\r\n".encode()
    assert (await bring(people, content)).status_code == 201


async def test_a_file_sent_again_changes_nothing_with_its_key_or_without(
    stage: Stage, people: People
) -> None:
    content = as_csv(HEADINGS, LAMP, NOISE)
    first = await bring(people, content, key="march-5")
    again = await bring(people, content, key="march-5")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = await bring(people, as_csv(HEADINGS, NOISE), key="march-5")
    assert other.json()["type"][-10:] == "key-reused"
    keyless = faults(await bring(people, content))
    assert (
        keyless["rows.2.source_ref"]
        == f"工单号: 已有编号 · is here already as {first.json()['issues'][0]['no']}"
    )
    assert keyless.keys() == {"rows.2.source_ref", "rows.3.source_ref"}
    assert await issues_in(stage) == 2


async def test_formulas_bombs_and_broken_files_are_refused(stage: Stage, people: People) -> None:
    formula = ['=HYPERLINK("http://x")', *LAMP[1:]]
    for content in (as_xlsx(HEADINGS, formula), as_csv(HEADINGS, formula)):
        assert faults(await bring(people, content))["rows.2.title"].startswith("标题: 不收公式")
    bomb = io.BytesIO()
    with ZipFile(bomb, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\x00" * (65 * 1024 * 1024))
    whole = as_xlsx(HEADINGS, LAMP)
    entities = io.BytesIO()
    with ZipFile(io.BytesIO(whole)) as source, ZipFile(entities, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                data = b'<!DOCTYPE x [<!ENTITY a "b">]>' + data.replace(b"<worksheet", b"<worksheet", 1)
            archive.writestr(name, data)
    cases = {
        bomb.getvalue(): 413,
        entities.getvalue(): 422,
        whole[: len(whole) // 2]: 422,
        b"PK\x03\x04": 422,
        b"\xff\xfe\x00\x81": 422,
        b'"never closed': 422,
        b"": 422,
        as_csv(HEADINGS, *([NOISE] * 2001)): 413,
        b"x" * (2 * 1024 * 1024 + 1): 413,
    }
    for content, status in cases.items():
        answer = await bring(people, content)
        assert answer.status_code == status, (content[:20], answer.text)
    assert (await people.clerk.post("/imports", data={"file": "x"})).status_code == 422
    files = {"file": ("x.csv", as_csv(HEADINGS, LAMP))}
    assert (await people.worker.post("/imports", files=files)).status_code == 403
    assert await issues_in(stage) == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail)))
def test_no_bytes_make_the_reader_stumble(content: bytes) -> None:
    with suppress(TooLarge, Invalid):
        assert all(line.cells for line in read_lines(content, load_import_rules()))


async def test_who_follows_the_guide_has_a_lamp_taken_in(
    stage: Stage, people: People, tmp_path: Path
) -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    clerk = stage.token(Caller("c-1", frozenset({Role.COMMUNITY_CLERK}), (COMMUNITY,)))
    async with served(stage) as base:
        script = re.sub(r"\$\(sanlian token.*?\)", clerk, block).replace("http://127.0.0.1:8000", base)
        command = ("bash", "-euo", "pipefail", "-c", script)
        process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert process.returncode == 0
    (line,) = json.loads(out)["issues"]
    assert (line["row"], line["state"]) == (2, "accepted")
    assert (await people.clerk.get(f"/issues/{line['id']}")).json()["category"] == "0503"
