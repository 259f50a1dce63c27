"""Channels: who may use which, for whom they speak, the street's orders, and words added to a report."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.intake.channels.rules import load_channels
from services.intake.issues.models import Issue, Reporter
from shared.settings import BadSettings
from shared.testing import COMMUNITY, Stage
from tests.intake.people import GRID, MICRO_GRID, People, kinds, located, proposed
from tests.intake.test_rules import changed

ORDER = {
    "street_no": "GXD-2026/0117",
    "title": "清查出租房屋",
    "category": "0502",
    "due": "2026-03-10T10:00:00Z",
    "location": {"compound": "北方苑小区"},
}
# Who may report through what.
MAY = {
    "resident": {"resident_app", "xiaolan_bangban", "party_paper_hotline"},
    "partner": {"partner"},
    "worker": {"walk_in", "phone", "grid_patrol", "visit", "party_member"},
    "clerk": {
        *("walk_in", "phone", "grid_patrol", "visit", "party_member"),
        *("hotline_12345", "party_paper_hotline", "xiaolan_bangban"),
    },
}


async def test_each_channel_is_for_those_whom_the_rules_name(people: People) -> None:
    channels = {one["code"] for one in (await people.nobody.get("/channels")).json()}
    assert {"street_dispatch", "open311"} < channels
    for who, own in MAY.items():
        for channel in channels:
            answer = await getattr(people, who).post("/issues", json={"title": "x", "channel": channel})
            assert answer.status_code == (201 if channel in own else 422), (who, channel, answer.text)


def test_rules_that_leave_a_channel_or_a_role_out_are_refused(tmp_path: Path) -> None:
    def channel(content: Any) -> None:
        del content["channels"]["visit"]

    def role(content: Any) -> None:
        del content["defaults"]["resident"]

    def stranger(content: Any) -> None:
        content["defaults"]["resident"] = "grid_patrol"

    for change, said in ((channel, "visit is missing"), (role, "resident"), (stranger, "may not use")):
        with pytest.raises(BadSettings, match=said):
            load_channels(changed(tmp_path / "own.yaml", "channels.yaml", change))


async def test_who_reports_for_somebody_else_says_for_whom_and_nobody_else_reads_it(
    stage: Stage, people: People
) -> None:
    mother = {"name": "李秀英", "phone": "139 3333 4444", "relation": "母亲"}
    issue = await people.report(beneficiary=mother)
    async with stage.host.look() as work:
        row = await work.session.get_one(Reporter, UUID(issue["id"]))
        stored = await work.session.connection()
        raw = str((await stored.exec_driver_sql("SELECT * FROM reporters")).all())
    assert (row.name, row.beneficiary_name, row.beneficiary_phone) == (None, "李秀英", "13933334444")
    assert row.beneficiary_relation == "母亲"
    why, path = {"reason": "to visit her"}, f"/issues/{issue['id']}/reporter"
    by_office = (await people.clerk.post(path, json=why)).json()
    assert (by_office["beneficiary_name"], by_office["beneficiary_relation"]) == ("李秀英", "母亲")
    assert by_office["beneficiary_phone"] == "13933334444"
    await stage.give(located(issue))
    assert (await people.worker.post(path, json=why)).json()["beneficiary_phone"] == "139****4444"
    told = " ".join(one.model_dump_json() for one in await stage.emitted())
    for secret in ("李秀英", "13933334444", "母亲"):
        assert secret not in raw
        assert secret not in told


async def test_a_work_order_of_the_hotline_comes_in_once(people: People) -> None:
    said = {"title": "x", "channel": "hotline_12345", "source_ref": "LZ20260305001"}
    first = await people.report(people.clerk, **said)
    again = await people.clerk.post("/issues", json=said)
    assert (again.status_code, again.json()["type"][-16:]) == (409, "already-reported")
    assert first["no"] in again.json()["detail"]
    # Another channel counts by itself, and a resident has no such numbers.
    await people.report(people.clerk, **{**said, "channel": "phone"})
    assert (await people.resident.post("/issues", json={"title": "x", "source_ref": "1"})).status_code == 403


async def test_an_order_of_the_street_is_accepted_to_the_date_of_the_street(
    stage: Stage, people: People
) -> None:
    answer = await people.officer.post("/dispatches", json=ORDER)
    assert answer.status_code == 201, answer.text
    issue = answer.json()
    assert (issue["state"], issue["channel"], issue["off_list"]) == ("accepted", "street_dispatch", False)
    assert issue["due_resolve"] == "2026-03-10T10:00:00Z"
    told: list[Any] = await stage.emitted()
    assert kinds(told) == ["IssueReported", "IssueAccepted", "IssueDispatched"]
    assert told[1].issue.due_resolve.isoformat() == "2026-03-10T10:00:00+00:00"
    again = await people.clerk.post("/dispatches", json=ORDER)
    assert (again.status_code, issue["no"] in again.json()["detail"]) == (409, True)
    await stage.give(located(issue), proposed(issue))
    assert (await people.look(issue))["state"] == "assigned"


async def test_what_is_off_the_list_of_grid_work_stays_with_the_community(
    stage: Stage, people: People
) -> None:
    issue = (await people.clerk.post("/dispatches", json={**ORDER, "category": "0702"})).json()
    assert (issue["state"], issue["off_list"]) == ("accepted", True)
    await stage.give(located(issue), proposed(issue))
    assert (await people.look(issue))["state"] == "accepted"
    assert "leave-to-community" in await people.steps(issue)
    to_grid = await people.tell("assign", issue, people.clerk, unit=GRID)
    assert (to_grid.status_code, to_grid.json()["type"][-8:]) == (409, "off-list")
    until = {"reason": "urgent", "until": "2026-03-08T00:00:00Z"}
    not_urgent = await people.secretary.post(f"/issues/{issue['id']}/allow-off-list", json=until)
    assert (not_urgent.status_code, "urgent" in not_urgent.json()["detail"]) == (409, True)
    assert (await people.tell("assign", issue, people.clerk, unit=COMMUNITY)).is_success


async def test_an_urgent_matter_off_the_list_may_be_allowed_until_a_date(
    stage: Stage, people: People
) -> None:
    said = {**ORDER, "category": "0105", "urgency": "U1"}
    issue = (await people.clerk.post("/dispatches", json=said)).json()
    path, until = f"/issues/{issue['id']}/allow-off-list", stage.clock.now() + timedelta(days=2)
    body = {"reason": "the wall may fall", "until": until.isoformat()}
    assert (await people.clerk.post(path, json=body)).status_code == 403
    for wrong in (stage.clock.now(), stage.clock.now() + timedelta(days=31)):
        answer = await people.secretary.post(path, json={**body, "until": wrong.isoformat()})
        assert answer.json()["errors"][0]["field"] == "until"
    allowed = await people.secretary.post(path, json=body)
    assert allowed.json()["off_list_until"] == "2026-03-07T02:00:00Z"
    await stage.give(located(issue), proposed(issue, area=MICRO_GRID))
    assert (await people.look(issue))["state"] == "assigned"
    assert "allow-off-list" in await people.steps(issue)
    stage.clock.advance(timedelta(days=2))
    assert (await people.tell("decline", issue, people.worker)).is_success
    assert (await people.tell("assign", issue, people.clerk, unit=GRID)).status_code == 409
    plain = await people.issue("accepted")
    answer = await people.secretary.post(f"/issues/{plain['id']}/allow-off-list", json=body)
    assert answer.status_code == 409


async def test_orders_that_make_no_sense_or_come_from_elsewhere_are_refused(people: People) -> None:
    for field, value in (
        ("due", "2026-03-05T02:00:00Z"),
        ("category", "0999"),
        ("street_no", "../x y"),
        ("title", "a\x00"),
        ("urgency", "U9"),
    ):
        answer = await people.officer.post("/dispatches", json={**ORDER, field: value})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert (await people.worker.post("/dispatches", json=ORDER)).status_code == 403
    assert (await people.nobody.post("/dispatches", json=ORDER)).status_code == 401


async def test_a_reporter_adds_words_by_account_or_by_code_and_staff_read_them(people: People) -> None:
    issue = await people.report()
    words, no = {"text": "the switch is behind the door"}, issue["no"]
    assert (await people.resident.post(f"/issues/{issue['id']}/additions", json=words)).status_code == 201
    coded = {**words, "code": issue["track_code"].lower()}
    answer = await people.nobody.post(f"/track/{no}/additions", json=coded)
    assert (answer.status_code, answer.json()["no"]) == (201, no)
    lines = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert [(line["command"], line["actor"], line["note"]) for line in lines[1:]] == [
        ("add", "resident:1", words["text"]),
        ("add", "anonymous", words["text"]),
    ]
    for other in (people.neighbour, people.clerk):
        assert (await other.post(f"/issues/{issue['id']}/additions", json=words)).status_code == 403


async def test_no_stranger_adds_words_or_locks_a_reporter_out(people: People) -> None:
    issue = await people.report()
    words, path = {"text": "x"}, f"/track/{issue['no']}/additions"
    for n in range(30):
        wrong = await people.nobody.post(path, json={**words, "code": f"7H2K-9QWE-{n:04d}"})
        unknown = await people.nobody.post("/track/WLD-20260305-9999/additions", json={**words, "code": "x"})
        assert (wrong.status_code, unknown.status_code) == (404, 404)
        assert wrong.json()["detail"] == unknown.json()["detail"]
    assert (await people.nobody.post(path, json={**words, "code": issue["track_code"]})).status_code == 201
    assert len(issue["track_code"].replace("-", "")) == 12
    for code in ("\x00", "\ud800", "x" * 5000, ""):
        body = f'{{"text": "x", "code": {code.encode("unicode_escape").decode()!r}}}'.replace("'", '"')
        answer = await people.nobody.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {404, 422}, answer.text


async def test_what_has_ended_or_was_told_often_enough_takes_no_more_words(
    stage: Stage, people: People
) -> None:
    issue, words = await people.issue("rejected"), {"text": "x"}
    ended = await people.resident.post(f"/issues/{issue['id']}/additions", json=words)
    assert (ended.status_code, ended.json()["type"][-14:]) == (409, "nothing-to-add")
    merged = await people.issue("merged")
    assert (await people.resident.post(f"/issues/{merged['id']}/additions", json=words)).status_code == 201
    async with stage.host.look() as work:
        child = await work.session.get_one(Issue, UUID(merged["id"]))
        master = await work.session.scalar(select(Issue.no).where(Issue.id == child.parent_id))
    (found,) = (await people.clerk.get("/issues", params={"no": master})).json()
    lines = (await people.clerk.get(f"/issues/{found['id']}/timeline")).json()
    assert [line["data"] for line in lines if line["command"] == "add"] == [{"merged": merged["no"]}]
    path = f"/issues/{found['id']}/additions"
    answers = [await people.resident.post(path, json=words) for _ in range(50)]
    assert [one.status_code for one in answers[-2:]] == [201, 409]


async def test_an_order_for_the_end_of_days_is_due_in_five_years(stage: Stage, people: People) -> None:
    answer = await people.officer.post("/dispatches", json={**ORDER, "due": "9999-12-31T23:59:59Z"})
    assert answer.status_code == 201, answer.text
    due = datetime.fromisoformat(answer.json()["due_resolve"])
    assert due - stage.clock.now() == timedelta(days=1830)
