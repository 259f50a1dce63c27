"""Suggestions for clerks: explained, never silent, and never for eyes that may not see."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.intake.issues.models import Issue
from services.intake.suggestions.models import SuggestionAnswer
from shared.auth import Role
from shared.testing import Stage
from tests.intake.people import OTHER_GRID, People, kinds, located

HERE = {"point": {"longitude": 103.8797, "latitude": 36.0519}}
NEAR = {"point": {"longitude": 103.8798, "latitude": 36.0520}}
FAR = {"point": {"longitude": 103.8852, "latitude": 36.0500}}
LIGHT: dict[str, Any] = {"title": "二单元路灯不亮", "location": HERE}
LAMP: dict[str, Any] = {
    "title": "门口灯坏了",
    "text": "北方苑2单元门口的灯灭了好几天,晚上看不见路",
    "location": NEAR,
}


async def suggested(people: People, issue: dict[str, Any]) -> dict[str, Any]:
    answer = await people.clerk.get(f"/issues/{issue['id']}/suggestions")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def answer(people: People, issue: dict[str, Any], **said: Any) -> Any:
    return await people.clerk.post(f"/issues/{issue['id']}/suggestions/answers", json=said)


async def test_a_twin_is_suggested_with_its_reasons_and_nothing_changes(stage: Stage, people: People) -> None:
    first = await people.report(**LIGHT)
    stage.clock.advance(timedelta(hours=3))
    second = await people.report(by=people.neighbour, **LAMP)
    await people.report(title="怎么申请低保", location=NEAR)
    await people.report(title="二单元路灯不亮", location=FAR)
    await stage.emitted()
    found = await suggested(people, second)
    assert found["compared"] == 3
    twin = found["duplicates"][0]
    assert (twin["id"], twin["no"], twin["title"]) == (first["id"], first["no"], LIGHT["title"])
    reasons = {reason["kind"]: reason for reason in twin["reasons"]}
    assert {"text", "distance", "time"} <= reasons.keys()
    assert "路灯" in reasons["text"]["zh"]
    assert reasons["distance"]["measure"] == pytest.approx(14.3, abs=1)
    assert reasons["time"]["en"] == "3 h apart"
    assert found["categories"][0]["code"] == "0503"
    assert found["categories"][0]["terms"]
    assert all(0 < one["score"] <= 1 for one in found["duplicates"])
    assert await stage.emitted() == []
    assert (await people.look(second))["version"] == second["version"]
    assert await people.steps(second) == ["report"]


async def test_a_draft_is_laid_beside_what_is_known_already(people: People) -> None:
    known = await people.report(**LIGHT)
    found = (await people.worker.post("/suggestions", json=LAMP)).json()
    assert found["duplicates"] == [], "the worker's grid has no issue yet"
    found = (await people.clerk.post("/suggestions", json=LAMP)).json()
    assert [one["id"] for one in found["duplicates"]] == [known["id"]]
    nothing = (await people.clerk.post("/suggestions", json={"title": "!!??"})).json()
    assert (nothing["categories"], nothing["duplicates"]) == ([], [])


async def test_taking_a_category_sorts_the_issue_and_is_written_down(stage: Stage, people: People) -> None:
    issue = await people.report(**LIGHT)
    await stage.emitted()
    taken = await answer(people, issue, kind="category", taken=True, category="0503")
    assert taken.status_code == 200, taken.text
    assert (taken.json()["state"], taken.json()["category"]) == ("accepted", "0503")
    assert kinds(await stage.emitted()) == ["IssueAccepted"]
    assert await people.steps(issue) == ["report", "answer-suggestion", "accept"]
    # Sorted anew it may be as well, with a reason.
    unsaid = await answer(people, issue, kind="category", taken=True, category="0502")
    assert unsaid.json()["errors"][0]["field"] == "note"
    anew = await answer(people, issue, kind="category", taken=True, category="0502", note="it is the drain")
    assert anew.json()["category"] == "0502"
    async with stage.host.look() as work:
        kept = (await work.session.scalars(select(SuggestionAnswer).order_by(SuggestionAnswer.value))).all()
    assert [(one.value, one.taken, one.actor) for one in kept] == [
        ("0502", True, "c-1"),
        ("0503", True, "c-1"),
    ]
    assert kept[0].score == 0
    assert 0 < kept[1].score <= 1000


async def test_taking_a_twin_merges_the_issue(stage: Stage, people: People) -> None:
    master, issue = await people.report(**LIGHT), await people.report(**LAMP)
    stale = await people.clerk.post(
        f"/issues/{issue['id']}/suggestions/answers",
        json={"kind": "duplicate", "taken": True, "duplicate_id": master["id"]},
        headers={"If-Match": '"9"'},
    )
    assert stale.status_code == 412
    merged = await answer(people, issue, kind="duplicate", taken=True, duplicate_id=master["id"])
    assert (merged.json()["state"], merged.json()["parent_id"]) == ("merged", master["id"])
    again = await answer(people, issue, kind="duplicate", taken=True, duplicate_id=master["id"])
    assert (again.status_code, again.json()["type"]) == (409, "urn:sanlian:problem:illegal-transition")


async def test_a_declined_twin_is_not_suggested_again_from_either_side(stage: Stage, people: People) -> None:
    first, second = await people.report(**LIGHT), await people.report(**LAMP)
    for _ in range(2):
        declined = await answer(people, second, kind="duplicate", taken=False, duplicate_id=first["id"])
        assert (declined.status_code, declined.json()["state"]) == (200, "reported")
    assert (await suggested(people, second))["duplicates"] == []
    assert (await suggested(people, first))["duplicates"] == []
    async with stage.host.look() as work:
        [kept] = (await work.session.scalars(select(SuggestionAnswer))).all()
    assert (kept.taken, kept.score > 400) == (False, True)
    taken = await answer(people, second, kind="category", taken=True, category="0503")
    assert taken.status_code == 200
    record = {one["kind"]: one for one in (await people.clerk.get("/suggestions/record")).json()}
    assert (record["duplicate"]["answered"], record["duplicate"]["taken"]) == (1, 0)
    assert (record["category"]["answered"], record["category"]["taken"]) == (1, 1)
    elsewhere = stage.client(Role.COMMUNITY_CLERK, areas=("620102014007",), subject="c-9")
    assert (await elsewhere.get("/suggestions/record")).json() == []
    await elsewhere.aclose()


async def test_nobody_sees_more_by_suggestions_than_otherwise(stage: Stage, people: People) -> None:
    hers, mine = await people.report(**LIGHT), await people.report(**LAMP)
    assert await stage.give(located(hers, area=f"{OTHER_GRID}001")) == []
    assert await stage.give(located(mine)) == []
    # Another grid's issue is no candidate for a worker of this one.
    found = (await people.worker.get(f"/issues/{mine['id']}/suggestions")).json()
    assert found["duplicates"] == []
    async with stage.host.work() as work:
        (await work.session.get_one(Issue, UUID(hers["id"]))).privacy_class = 2
    [twin] = (await suggested(people, mine))["duplicates"]
    assert twin["title"] is None
    assert [one["terms"] for one in twin["reasons"] if one["kind"] in {"text", "topic"}] == [["…"], ["…"]]
    sensitive = await suggested(people, hers)
    assert all(one["terms"] == [] for one in sensitive["categories"])
    for client in (people.resident, people.partner, people.officer):
        assert (await client.get(f"/issues/{mine['id']}/suggestions")).status_code == 403
        assert (await client.post("/suggestions", json=LIGHT)).status_code == 403
    assert (await people.other_worker.get(f"/issues/{mine['id']}/suggestions")).status_code == 403
    path = f"/issues/{mine['id']}/suggestions/answers"
    said = {"kind": "category", "taken": True, "category": "0503"}
    assert (await people.worker.post(path, json=said)).status_code == 403


async def test_what_makes_no_sense_is_refused(people: People) -> None:
    issue = await people.report(**LIGHT)
    nobody = "00000000-0000-7000-8000-000000000000"
    for said, status in (
        ({"kind": "category", "taken": True}, 422),
        ({"kind": "duplicate", "taken": True, "category": "0503"}, 422),
        ({"kind": "category", "taken": True, "category": "0503", "duplicate_id": issue["id"]}, 422),
        ({"kind": "category", "taken": True, "category": "0999"}, 422),
        ({"kind": "duplicate", "taken": True, "duplicate_id": nobody}, 404),
        ({"kind": "duplicate", "taken": False, "duplicate_id": issue["id"]}, 404),
    ):
        assert (await answer(people, issue, **said)).status_code == status, said
    assert (await people.clerk.get(f"/issues/{nobody}/suggestions")).status_code == 404
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"title": " "},
        {"title": "a\0"},
        {"title": "灯" * 201},
        {"title": "灯", "category": "0999"},
    )
    for draft in wrong:
        assert (await people.clerk.post("/suggestions", json=draft)).status_code == 422
    long = {"title": "路灯不亮", "text": "楼道灯" * 1333}
    assert (await people.clerk.post("/suggestions", json=long)).status_code == 200
