"""Parts of an issue for several units: the whole waits for each, and nobody judges their own."""

from typing import Any

import httpx

from services.intake.tasks.rules import MOVES, allowed
from shared.events.intake import TaskState
from shared.testing import Stage
from tests.intake.people import BODIES, GRID, OTHER_GRID, People, kinds
from tests.intake.test_guards import refused_as

NEEDS: dict[str, dict[str, Any]] = {
    "start": {},
    "decline": {"reason_code": "on_leave"},
    "give": {"unit": GRID, "person": "w-1"},
    "rework": {"reason_code": "still_dark"},
    "accept": {},
    "cancel": {"reason_code": "not_needed"},
}


async def split(people: People) -> tuple[dict[str, Any], dict[str, Any]]:
    """An issue in progress, a part of which lies with the worker of another grid."""
    issue = await people.issue("in_progress")
    answer = await people.tell("split", issue, people.leader)
    assert answer.is_success, answer.text
    tasks = (await people.clerk.get(f"/issues/{issue['id']}/tasks")).json()
    return {**issue, **answer.json()}, dict(tasks[-1])


async def do(people: People, command: str, task: dict[str, Any], by: httpx.AsyncClient) -> httpx.Response:
    said = NEEDS.get(command)
    if said is None:
        said = {"evidence": [(await people.add_photo({"id": task["issue_id"]}, by))["id"]]}
    return await by.post(f"/tasks/{task['id']}/{command}", json=said)


async def test_an_issue_is_not_done_before_its_parts_are(stage: Stage, people: People) -> None:
    issue, task = await split(people)
    await people.add_photo(issue)
    await stage.emitted()
    for command, who in (
        ("start", people.other_worker),
        ("finish", people.other_worker),
        ("accept", people.leader),
    ):
        assert refused_as(await people.tell("resolve", issue, people.worker), "parts-open")
        assert (await do(people, command, task, who)).is_success
    assert kinds(await stage.emitted()) == ["TaskStarted", "TaskDone", "TaskEnded"]
    assert (await people.tell("resolve", issue, people.worker)).is_success
    assert (await people.steps(issue))[-5:] == [
        "task-start", "add-evidence", "task-finish", "task-accept", "resolve",
    ]  # fmt: skip


async def test_who_does_a_part_reads_the_whole_and_judges_neither(stage: Stage, people: People) -> None:
    issue, task = await split(people)
    assert (await people.other_worker.get(f"/issues/{issue['id']}")).status_code == 200
    mine = (await people.other_worker.get("/tasks")).json()
    assert [one["id"] for one in mine] == [task["id"]]
    assert (await people.worker.get("/tasks")).json() == []
    assert (await people.resident.get("/tasks")).status_code == 403
    for command in ("start", "finish"):
        assert (await do(people, command, task, people.other_worker)).is_success
    everywhere = (min(MOVES["accept"].roles), min(MOVES["start"].roles))
    async with stage.client(*everywhere, subject="w-9") as doer:
        for command in ("accept", "rework"):
            assert refused_as(await do(people, command, task, doer), "four-eyes", 403)
        await do(people, "accept", task, people.leader)
        await people.add_photo(issue)
        await people.tell("resolve", issue, people.worker)
        assert refused_as(await people.tell("verify", issue, doer), "four-eyes", 403)


async def test_a_part_that_is_handed_back_is_given_to_another(stage: Stage, people: People) -> None:
    issue, task = await split(people)
    await stage.emitted()
    declined = (await do(people, "decline", task, people.other_worker)).json()
    assert (declined["state"], declined["commands"]) == ("declined", ["give", "cancel"])
    assert (await people.other_worker.get(f"/issues/{issue['id']}")).status_code == 403
    given = (await do(people, "give", task, people.leader)).json()
    assert (given["state"], given["handler"]["person"]) == ("given", "w-1")
    told: Any = await stage.emitted()
    assert kinds(told) == ["TaskDeclined", "TaskGiven"]
    assert told[1].again


async def test_a_part_found_not_done_goes_back_to_its_doer(people: People) -> None:
    _, task = await split(people)
    for command in ("start", "finish"):
        await do(people, command, task, people.other_worker)
    back = (await do(people, "rework", task, people.leader)).json()
    assert (back["state"], back["evidence"], back["done_at"]) == ("in_hand", [], None)


async def test_each_command_of_a_task_is_legal_in_its_states_only(people: People) -> None:
    _, task = await split(people)
    roads: dict[TaskState, tuple[str, ...]] = {
        TaskState.given: (),
        TaskState.in_hand: ("start",),
        TaskState.done: ("finish",),
        TaskState.accepted: ("accept",),
    }
    by = {"decline": people.other_worker, "start": people.other_worker, "finish": people.other_worker}
    for state, steps in roads.items():
        for step in steps:
            assert (await do(people, step, task, by.get(step, people.leader))).is_success
        for command in set(MOVES) - set(allowed(state)) - {"finish"}:
            answer = await do(people, command, task, by.get(command, people.secretary))
            assert refused_as(answer, "illegal-transition"), (state, command)
            assert answer.json()["allowed"] == list(allowed(state))


async def test_only_the_doer_works_on_a_part_and_only_leaders_of_the_area_decide(people: People) -> None:
    _, task = await split(people)
    assert (await do(people, "start", task, people.worker)).status_code == 403
    assert (await do(people, "cancel", task, people.other_worker)).status_code == 403
    assert (await do(people, "start", task, people.nobody)).status_code == 401
    unknown = {**task, "id": "00000000-0000-7000-8000-000000000000"}
    assert (await do(people, "start", unknown, people.other_worker)).status_code == 404


async def test_a_part_ends_no_later_than_the_whole(people: People) -> None:
    issue = await people.issue("in_progress")
    part = {"unit": OTHER_GRID, "person": "w-9", "title": "the wiring"}
    for due_at in ("2026-03-05T01:00:00Z", "2026-04-05T01:00:00Z"):
        answer = await people.tell("split", issue, people.leader, parts=[{**part, "due_at": due_at}])
        assert answer.json()["errors"][0]["field"] == "parts.1.due_at"
    many = [part] * 20
    for _ in range(2):
        assert (await people.tell("split", issue, people.leader, parts=many)).is_success
    assert refused_as(await people.tell("split", issue, people.leader, parts=many), "too-many-tasks")


async def test_what_the_reporter_takes_back_takes_its_parts_along(stage: Stage, people: People) -> None:
    issue, task = await split(people)
    await stage.emitted()
    assert (await people.tell("withdraw", issue, people.resident)).is_success
    assert kinds(await stage.emitted()) == ["TaskEnded", "IssueWithdrawn"]
    answer = await do(people, "start", task, people.other_worker)
    assert answer.status_code in {403, 409}
    assert BODIES["split"]["parts"][0]["person"] == task["handler"]["person"]


async def test_evidence_of_another_issue_shows_nothing(people: People) -> None:
    _, task = await split(people)
    await do(people, "start", task, people.other_worker)
    strange = await people.add_photo(await people.issue("in_progress"))
    said = {"evidence": [strange["id"]]}
    answer = await people.other_worker.post(f"/tasks/{task['id']}/finish", json=said)
    assert answer.json()["errors"][0]["field"] == "evidence"


async def test_what_is_not_needed_any_more_holds_nothing_up(people: People) -> None:
    issue = await people.issue("in_progress")
    parts = [
        {"unit": OTHER_GRID, "person": "w-9", "title": "the wiring", "due_at": "2026-03-06T02:00:00Z"},
        {"unit": OTHER_GRID, "person": "w-9", "title": "the plaster"},
    ]
    await people.tell("split", issue, people.leader, parts=parts)
    first = await people.other_worker.get("/tasks", params={"limit": 1})
    rest = await people.other_worker.get(first.links["next"]["url"].removeprefix("/intake/v1"))
    found = [*first.json(), *rest.json()]
    assert [(one["no"], one["due_at"]) for one in found] == [
        (2, issue["due_resolve"]),
        (1, "2026-03-06T02:00:00Z"),
    ]
    for task in found:
        assert (await do(people, "cancel", task, people.leader)).json()["state"] == "cancelled"
    await people.add_photo(issue)
    assert (await people.tell("resolve", issue, people.worker)).is_success


async def test_tasks_of_nothing_are_not_found(people: People) -> None:
    unknown = "00000000-0000-7000-8000-000000000000"
    for kind in ("tasks", "mediations", "family", "extension"):
        assert (await people.clerk.get(f"/issues/{unknown}/{kind}")).status_code == 404, kind
    assert (await people.worker.get("/tasks?cursor=bm90LWFuLWlk")).status_code == 422
