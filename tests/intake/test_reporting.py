"""Reporting an issue: its number, its answer, who may say what, and what leaves in events."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from services.intake.issues.models import Issue, IssueNumber, Reporter
from shared.auth import Role
from shared.privacy import unseal
from shared.testing import Stage
from tests.intake.people import GRID, NEED, People, kinds

STAFF_ONLY = {
    "urgency": "U0",
    "households": ["HH-1"],
    "help": NEED,
    "emergency": {"place": "the shop"},
}
NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("title", {"title": "   "}),
    ("title", {"title": "a\x00b"}),
    ("title", {"title": "x" * 201}),
    ("category", {"category": "0999"}),
    ("category", {"category": "fire"}),
    ("location.point.latitude", {"location": {"point": {"longitude": 1, "latitude": 91}}}),
    ("location.address", {"location": {"address": "a\x00"}}),
    ("reporter.phone", {"reporter": {"phone": "call me"}}),
    ("reporter", {"anonymous": True, "reporter": {"name": "x"}}),
    ("affected_households", {"affected_households": 0}),
    ("location.point.longitude", {"location": {"point": {"longitude": "NaN", "latitude": 1}}}),
    ("follows", {"follows": "the last one"}),
    ("channel", {"channel": "grid_patrol"}),
    ("pillar", {"pillar": "columns"}),
    ("nickname", {"nickname": "x"}),
]
# Who reports, through which channel, which one is kept, and whose matter it is then.
CHANNELS = [
    ("resident", None, "resident_app", "resident:1"),
    ("resident", "party_paper_hotline", "party_paper_hotline", "resident:1"),
    ("partner", None, "partner", "p-1"),
    ("worker", None, "grid_patrol", "w-1"),
    ("worker", "visit", "visit", "w-1"),
    ("clerk", "walk_in", "walk_in", None),
]
PLAIN = {"category": "0503", "location": {"compound": "北方苑小区"}}


async def test_a_resident_gets_a_number_a_place_to_look_and_a_code_shown_once(people: People) -> None:
    answer = await people.resident.post("/issues", json={"title": "二单元路灯不亮"})
    assert answer.status_code == 201
    said = answer.json()
    assert said["no"] == "WLD-20260305-0001"
    assert (said["state"], said["version"]) == ("reported", 1)
    assert answer.headers["location"] == f"/intake/v1/issues/{said['id']}"
    assert answer.headers["etag"] == '"1"'
    again = (await people.resident.get(f"/issues/{said['id']}")).json()
    assert again["no"] == said["no"]
    assert "track_code" not in again
    assert again["due_accept"] == "2026-03-06T02:00:00Z"


async def test_numbers_count_the_local_day_and_begin_anew_with_it(stage: Stage, people: People) -> None:
    stage.clock.set(datetime(2026, 3, 5, 15, 59, 59, tzinfo=UTC))
    assert (await people.report())["no"] == "WLD-20260305-0001"
    stage.clock.set(datetime(2026, 3, 5, 16, 0, tzinfo=UTC))
    assert (await people.report())["no"] == "WLD-20260306-0001"


async def test_fifty_reports_at_once_get_fifty_numbers_without_a_gap(stage: Stage, people: People) -> None:
    answers = await asyncio.gather(*(people.report() for _ in range(50)))
    expected = [f"WLD-20260305-{n:04d}" for n in range(1, 51)]
    assert sorted(one["no"] for one in answers) == expected
    assert len(await stage.emitted()) == 50


async def test_a_report_that_fails_takes_no_number_along(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.intake.issues import reports

    tell = reports._tell

    def fail_for_one(work: Any, draft: Any, grid_key: str | None) -> None:
        if draft.report.body.title == "broken":
            raise RuntimeError("a fault that no rule foresaw")
        tell(work, draft, grid_key)

    monkeypatch.setattr(reports, "_tell", fail_for_one)
    titles = ["fine", "broken", "fine", "broken", "fine"]
    answers = await asyncio.gather(*(people.resident.post("/issues", json={"title": one}) for one in titles))
    assert [one.status_code for one in answers] == [201, 500, 201, 500, 201]
    numbers = sorted(one.json()["no"] for one in answers if one.is_success)
    assert numbers == [f"WLD-20260305-{n:04d}" for n in (1, 2, 3)]
    async with stage.host.look() as work:
        assert await work.session.scalar(select(IssueNumber.last)) == 3


async def test_a_category_given_by_staff_is_certain_and_the_matter_accepted(
    stage: Stage, people: People
) -> None:
    said = await people.report(people.worker, **PLAIN)
    assert (said["state"], said["version"], said["urgency"], said["level"]) == ("accepted", 2, "U2", 1)
    assert said["due_resolve"] == "2026-03-08T02:00:00Z"
    told: list[Any] = await stage.emitted()
    assert kinds(told) == ["IssueReported", "IssueAccepted"]
    assert [one.issue.version for one in told] == [1, 2]
    assert [one.issue.state for one in told] == ["reported", "accepted"]
    assert told[1].automatic
    assert await people.steps(said) == ["report", "accept"]


@pytest.mark.parametrize("who", ["resident", "partner"])
async def test_a_category_that_somebody_else_gives_is_only_a_suggestion(people: People, who: str) -> None:
    said = await people.report(getattr(people, who), category="0503")
    assert (said["state"], said["category"]) == ("reported", "0503")


async def test_a_matter_that_staff_cannot_sort_waits_for_the_office(people: People) -> None:
    assert (await people.report(people.worker, category="99"))["state"] == "reported"
    assert (await people.report(people.worker))["state"] == "reported"


async def test_a_plain_matter_tells_its_point_or_compound_openly(stage: Stage, people: People) -> None:
    point = {"longitude": 103.8797123, "latitude": 36.0519}
    await people.report(people.worker, category="0503", location={"point": point})
    await people.report(people.worker, **PLAIN)
    told: list[Any] = [one for one in await stage.emitted() if type(one).__name__ == "IssueReported"]
    assert (told[0].point.longitude, told[0].point.latitude) == (103.87971, 36.0519)
    assert told[1].compound == "北方苑小区"
    assert all(one.place_sealed is None for one in told)


async def test_any_other_matter_tells_its_place_to_grid_alone(
    stage: Stage, people: People, grid_key: str
) -> None:
    address = "北方苑小区3号楼2单元501"
    await people.report(location={"address": address})
    await people.report(people.worker, category="0305", location={"compound": "北方苑小区"})
    await people.report(people.worker, category="0503", location={"address": address})
    await people.report()
    told: list[Any] = [one for one in await stage.emitted() if type(one).__name__ == "IssueReported"]
    assert all(one.point is None and one.compound is None for one in told)
    places = [json.loads(unseal(grid_key, _raw(one.place_sealed))) for one in told if one.place_sealed]
    assert [place["address"] for place in places] == [address, None, address]
    assert places[1]["compound"] == "北方苑小区"
    assert told[3].place_sealed is None
    assert address not in " ".join(one.model_dump_json() for one in told)


async def test_without_the_key_of_grid_a_personal_place_stays_here(stage: Stage, people: People) -> None:
    from services.intake.issues.bodies import LocationIn
    from services.intake.issues.places import reported, written

    await people.report()
    told: Any = (await stage.emitted())[0]
    location = LocationIn(address="3-2-501")
    assert reported(told.issue, location, written(location), None).place_sealed is None


async def test_nothing_that_a_reporter_wrote_leaves_in_an_event_or_stands_open(
    stage: Stage, people: People
) -> None:
    secrets = {"title": "王小明打来电话", "text": "他住在顶楼", "location": {"address": "北方苑三单元"}}
    await people.report(
        people.clerk, **secrets, channel="phone", reporter={"name": "王小明", "phone": "13912345678"}
    )
    bodies = " ".join(one.model_dump_json() for one in await stage.emitted())
    async with stage.host.look() as work:
        connection = await work.session.connection()
        rows = await connection.exec_driver_sql("SELECT * FROM issues, reporters")
        stored = " ".join(str(value) for row in rows for value in row)
    for secret in ("王小明", "顶楼", "13912345678", "北方苑"):
        assert secret not in bodies
        assert secret not in stored


async def test_phone_numbers_of_one_person_have_one_blind_index(stage: Stage, people: People) -> None:
    for phone in ("139 1234 5678", "+86-13912345678"):
        await people.report(people.clerk, channel="phone", reporter={"phone": phone})
    async with stage.host.look() as work:
        assert await work.session.scalar(select(func.count(Reporter.phone_index.distinct()))) == 1
        assert set(await work.session.scalars(select(Reporter.phone))) == {"13912345678"}


async def test_a_repeated_key_gets_the_first_answer_and_no_second_issue(people: People) -> None:
    headers, body = {"Idempotency-Key": '"report-1"'}, {"title": "the light is out"}
    first = await people.resident.post("/issues", json=body, headers=headers)
    again = await people.resident.post("/issues", json=body, headers=headers)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    other = await people.resident.post("/issues", json={"title": "another"}, headers=headers)
    assert other.status_code == 422
    assert len((await people.resident.get("/issues")).json()) == 1


async def test_what_is_for_staff_to_say_is_refused_to_others(people: People) -> None:
    for name, value in STAFF_ONLY.items():
        answer = await people.resident.post("/issues", json={"title": "x", name: value})
        assert answer.status_code == 403, (name, answer.text)
        assert name in answer.json()["detail"]


async def test_what_makes_no_sense_is_refused_by_field(people: People) -> None:
    for field, said in NONSENSE:
        answer = await people.resident.post("/issues", json={"title": "x", **said})
        assert answer.status_code == 422, (said, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert field in [fault["field"] for fault in answer.json()["errors"]]


async def test_what_is_no_report_is_refused_and_never_an_error_of_ours(people: People) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"", b"{", b"[]", b'"x"', b'{"title": "\\ud800"}', b"\xff\xfe"):
        answer = await people.resident.post("/issues", content=body, headers=headers)
        assert answer.status_code == 422, (body, answer.text)


async def test_a_help_that_names_a_number_or_no_moment_is_refused(people: People) -> None:
    for field, value in (
        ("help.public_text", {"public_text": "call 139-1234-5678"}),
        ("help.tags.0", {"tags": ["13912345678"]}),
        ("help.unit", {"unit": "a\x00"}),
        ("help.needed_by", {"needed_by": "9999-12-31T23:59:59-14:00"}),
    ):
        answer = await people.worker.post("/issues", json={"title": "x", "help": {**NEED, **value}})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field


async def test_the_channel_says_whose_matter_it_is(stage: Stage, people: People) -> None:
    for who, channel, kept, owner in CHANNELS:
        said = await people.report(getattr(people, who), **({"channel": channel} if channel else {}))
        async with stage.host.look() as work:
            issue = await work.session.get_one(Issue, UUID(said["id"]))
        assert (issue.channel, issue.reporter_subject) == (kept, owner)


async def test_an_anonymous_report_keeps_nothing_of_who_made_it(stage: Stage, people: People) -> None:
    await people.report(anonymous=True)
    async with stage.host.look() as work:
        assert (await work.session.scalars(select(Issue))).one().reporter_subject is None


async def test_nobody_and_street_offices_do_not_report(stage: Stage, people: People) -> None:
    body = {"title": "x"}
    assert (await people.nobody.post("/issues", json=body)).status_code == 401
    assert (await people.officer.post("/issues", json=body)).status_code == 403


async def test_a_worker_reports_wherever_the_matter_lies(stage: Stage, people: People) -> None:
    async with stage.client(Role.GRID_WORKER, areas=(GRID,), subject="w-3") as worker:
        said = await people.report(worker, location={"point": {"longitude": 103.885, "latitude": 36.047}})
    assert said["area_code"] == "620102014006"


def _raw(sealed: str) -> bytes:
    from base64 import b64decode

    return b64decode(sealed)
