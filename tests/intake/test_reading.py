"""Who gets to see what of an issue, and what is written down about it."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from services.intake.models import READ_LOG
from shared.auth import Role
from shared.events.partners import PledgeConfirmed, PledgeDelivered, PledgeMade, PledgeSnapshot
from shared.testing import Stage
from tests.intake.people import GRID, OTHER_GRID, People, located

WORDS: dict[str, Any] = {
    "title": "二单元路灯不亮",
    "text": "晚上很黑",
    "location": {"address": "北方苑三单元"},
}


async def test_a_resident_sees_the_own_issue_and_no_other(people: People) -> None:
    issue = await people.report(**WORDS)
    seen = (await people.resident.get(f"/issues/{issue['id']}")).json()
    assert (seen["title"], seen["text"]) == ("二单元路灯不亮", "晚上很黑")
    assert seen["location"]["address"] == "北方苑三单元"
    assert (await people.neighbour.get(f"/issues/{issue['id']}")).status_code == 403
    assert (await people.partner.get(f"/issues/{issue['id']}")).status_code == 403
    assert (await people.nobody.get(f"/issues/{issue['id']}")).status_code == 401
    assert [one["id"] for one in (await people.resident.get("/issues")).json()] == [issue["id"]]
    assert (await people.neighbour.get("/issues")).json() == []


async def test_a_point_is_given_back_as_it_was_reported(people: People) -> None:
    point = {"longitude": 103.8797, "latitude": 36.0519}
    issue = await people.report(location={"point": point})
    seen = (await people.resident.get(f"/issues/{issue['id']}")).json()
    assert seen["location"] == {"point": point, "compound": None, "address": None}


async def test_staff_see_the_issues_of_their_areas_and_those_they_handle(
    stage: Stage, people: People
) -> None:
    mine, theirs = await people.report(**WORDS), await people.report(**WORDS)
    await stage.give(located(mine, GRID), located(theirs, OTHER_GRID))
    assert [one["id"] for one in (await people.worker.get("/issues")).json()] == [mine["id"]]
    assert (await people.worker.get(f"/issues/{theirs['id']}")).status_code == 403
    await people.tell("accept", theirs, people.clerk)
    await people.tell("assign", theirs, people.clerk, person="w-1")
    assert len((await people.worker.get("/issues")).json()) == 2
    assert (await people.worker.get(f"/issues/{theirs['id']}")).json()["title"] == WORDS["title"]


async def test_the_street_sees_states_and_codes_but_no_words(people: People) -> None:
    issue = await people.report(**WORDS)
    seen = (await people.officer.get(f"/issues/{issue['id']}")).json()
    assert (seen["title"], seen["text"], seen["location"]["address"]) == (None, None, None)
    assert (await people.officer.get("/issues")).json()[0]["title"] is None


async def test_the_words_of_a_sensitive_matter_take_a_logged_reading(stage: Stage, people: People) -> None:
    reporter = {"name": "王小明", "phone": "13912345678"}
    said = {**WORDS, "channel": "walk_in", "category": "0305", "reporter": reporter}
    issue = await people.report(people.clerk, **said)
    seen = (await people.clerk.get(f"/issues/{issue['id']}")).json()
    assert (seen["title"], seen["text"], seen["location"]["address"]) == (None, None, None)
    path = f"/issues/{issue['id']}/reporter"
    read = (await people.clerk.post(path, json={"reason": "to call back"})).json()
    assert (read["name"], read["phone"], read["title"]) == ("王小明", "13912345678", WORDS["title"])
    async with stage.host.look() as work:
        entry = (await work.session.execute(select(READ_LOG))).one()
    assert (entry.reader, entry.subject, entry.reason) == ("c-1", f"issue:{issue['id']}", "to call back")
    assert "phone" in entry.fields


async def test_a_grid_worker_reads_a_masked_phone_number(stage: Stage, people: People) -> None:
    said = {"channel": "phone", "reporter": {"name": "王小明", "phone": "13912345678"}}
    issue = await people.report(people.clerk, **said)
    await stage.give(located(issue, GRID))
    path, why = f"/issues/{issue['id']}/reporter", {"reason": "to call back"}
    assert (await people.worker.post(path, json=why)).json()["phone"] == "139****5678"
    assert (await people.other_worker.post(path, json=why)).status_code == 403
    assert (await people.resident.post(path, json=why)).status_code == 403
    unknown = "/issues/00000000-0000-7000-8000-000000000000/reporter"
    assert (await people.clerk.post(unknown, json=why)).status_code == 404


async def test_a_reading_without_a_reason_or_under_a_key_is_refused(stage: Stage, people: People) -> None:
    issue = await people.report()
    path = f"/issues/{issue['id']}/reporter"
    for reason in ("", "   .  ", "a\x00bcd"):
        assert (await people.clerk.post(path, json={"reason": reason})).status_code == 422
    headers = {"Idempotency-Key": "read-1"}
    answer = await people.clerk.post(path, json={"reason": "to call back"}, headers=headers)
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    async with stage.host.look() as work:
        assert (await work.session.execute(select(READ_LOG))).all() == []
    anonymous = await people.report(anonymous=True)
    read = await people.clerk.post(f"/issues/{anonymous['id']}/reporter", json={"reason": "to call back"})
    assert (read.json()["name"], read.json()["phone"]) == (None, None)


async def test_the_issues_of_a_phone_number_are_found_and_the_search_is_logged(
    stage: Stage, people: People
) -> None:
    said = {"channel": "phone", "reporter": {"phone": "13912345678"}}
    issue = await people.report(people.clerk, **said)
    await people.report(people.clerk, channel="phone", reporter={"phone": "13912345679"})
    body = {"phone": "+86 139 1234 5678", "reason": "the caller asks for the number"}
    found = (await people.clerk.post("/issues/search", json=body)).json()
    assert [one["id"] for one in found] == [issue["id"]]
    assert (await people.worker.post("/issues/search", json=body)).status_code == 403
    async with stage.client(Role.COMMUNITY_CLERK, areas=("620102014007",)) as elsewhere:
        assert (await elsewhere.post("/issues/search", json=body)).json() == []
    async with stage.host.look() as work:
        entries = (await work.session.execute(select(READ_LOG))).all()
    noted = [(entry.subject, entry.persons) for entry in entries]
    # The search that found nobody told of nobody.
    assert sorted(noted) == [(f"issue:{issue['id']}", 1), *[("reporters by phone", 0)] * 2]


async def test_lists_are_narrowed_and_paged_without_gap_or_double(people: People) -> None:
    made = [await people.report() for _ in range(5)]
    done = await people.issue("closed")
    seen, path = [], "/issues?limit=2&open=true"
    while path:
        answer = await people.clerk.get(path)
        seen += [one["id"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "").removeprefix("/intake/v1")
        if len(seen) == 2:
            await people.report()
    assert seen == [one["id"] for one in reversed(made)]
    for params, count in (
        ({"open": "false"}, 1),
        ({"state": "closed"}, 1),
        ({"state": ["closed", "reported"]}, 7),
        ({"category": "05"}, 1),
        ({"category": "0503"}, 1),
        ({"urgency": "U0"}, 0),
        ({"colour": "blue", "channel": "resident_app"}, 7),
        ({"area": GRID}, 1),
        ({"handler": "w-1"}, 1),
        ({"no": done["no"]}, 1),
        ({"due_before": "2026-03-09T00:00:00Z"}, 1),
        ({"due_before": "2026-03-06T00:00:00Z"}, 0),
    ):
        assert len((await people.clerk.get("/issues", params=params)).json()) == count, params
    for wrong in (
        {"cursor": "WyJ4Il0"},
        {"state": "happy"},
        {"limit": "0"},
        {"handler": "a\x00"},
        {"due_before": "9999-12-31T23:59:59-14:00"},
    ):
        assert (await people.clerk.get("/issues", params=wrong)).status_code == 422, wrong


async def test_a_timeline_tells_staff_who_and_residents_what(people: People) -> None:
    issue = await people.issue("suspended")
    await people.tell("resume", issue, people.worker, note="the part has come")
    staff = (await people.leader.get(f"/issues/{issue['id']}/timeline")).json()
    assert [line["command"] for line in staff] == ["report", "accept", "assign", "start", "suspend", "resume"]
    assert [line["version"] for line in staff] == [1, 2, 3, 4, 5, 6]
    assert (staff[-1]["actor"], staff[-1]["role"], staff[-1]["note"]) == (
        "w-1",
        "grid_worker",
        "the part has come",
    )
    assert (staff[2]["actor"], staff[2]["data"]["reasons"]) == ("system", ["full_time_worker_of_grid"])
    own = (await people.resident.get(f"/issues/{issue['id']}/timeline")).json()
    assert [line["to_state"] for line in own][-1] == "in_progress"
    assert {(line["actor"], line["note"]) for line in own} == {(None, None)}
    assert (await people.neighbour.get(f"/issues/{issue['id']}/timeline")).status_code == 403


async def test_anybody_with_the_code_follows_states_and_times(people: People) -> None:
    issue = await people.issue("resolved")
    answer = await people.nobody.get(f"/track/{issue['no']}", params={"code": issue["track_code"]})
    seen = answer.json()
    assert [step["state"] for step in seen["steps"]] == [
        "reported",
        "accepted",
        "assigned",
        "in_progress",
        "resolved",
    ]
    assert set(seen) == {"no", "state", "reported_at", "due_resolve", "closed_at", "steps"}
    wrong = await people.nobody.get(f"/track/{issue['no']}", params={"code": "0000-0000-0000"})
    unknown = await people.nobody.get("/track/WLD-20260305-9999", params={"code": issue["track_code"]})
    assert (wrong.status_code, unknown.status_code) == (404, 404)
    for strange in ("%00", "WLD", "WLD-20260305-0001%00"):
        answer = await people.nobody.get(f"/track/{strange}", params={"code": "x"})
        assert answer.status_code == 422
    assert {key: wrong.json()[key] for key in ("type", "detail")} == {
        key: unknown.json()[key] for key in ("type", "detail")
    }


async def test_who_reported_a_merged_matter_follows_its_master(people: People) -> None:
    issue, master = await people.report(), await people.issue("in_progress")
    await people.tell("merge", issue, people.clerk, master_id=master["id"])
    answer = await people.nobody.get(f"/track/{issue['no']}", params={"code": issue["track_code"]})
    assert (answer.json()["state"], answer.json()["no"]) == ("in_progress", issue["no"])


async def test_the_catalogue_is_open_to_everybody(people: People) -> None:
    catalogue = (await people.nobody.get("/categories")).json()
    assert {"code", "zh", "en"} <= catalogue["categories"][0].keys()


async def test_what_partners_promise_and_bring_stands_on_the_timeline(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    facts: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "match_id": uuid4(),
        "need_id": uuid4(),
        "offer_id": uuid4(),
        "unit_code": "U-7",
        "community_code": "620102014006",
        "area_code": GRID,
        "quantity": 7,
        "delivered_quantity": 0,
        "state": "pledged",
        "issue_no": issue["no"],
        "help_no": 1,
    }
    pledge = PledgeSnapshot(**facts, issue_id=UUID(issue["id"]))
    elsewhere = PledgeSnapshot(**facts, issue_id=None)
    made = stage.enveloped(PledgeMade(pledge=pledge))
    assert await stage.give(made, made, PledgeMade(pledge=elsewhere)) == []
    assert await stage.give(made, PledgeDelivered(pledge=pledge), PledgeConfirmed(pledge=pledge)) == []
    assert (await people.steps(issue))[-3:] == ["help-promised", "help-delivered", "help-confirmed"]
    assert (await people.look(issue))["version"] == issue["version"]
    assert await stage.emitted() == []
