"""Complaints on staff: the office takes them in, the street knows, and whom they are about is kept out."""

from typing import Any

import httpx
import pytest

from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.intake.people import DOSSIER, GRID, MICRO_GRID, STREET, People, kinds, located, proposed

ACCUSED = {"category": "1003", "against": "l-1"}
Issue = dict[str, Any]


@pytest.fixture
async def complaint(stage: Stage, people: People) -> Issue:
    """A resident's complaint about the leader of the grid, which the clerk has taken in."""
    issue = await people.report(title="the leader shouted at my mother", category="1003")
    assert (await people.tell("accept", issue, people.clerk, **ACCUSED)).is_success
    await stage.give(located(issue))
    return issue


async def test_the_street_gets_a_copy_and_the_issue_stays_where_it_is(
    stage: Stage, people: People, complaint: Issue
) -> None:
    told: list[Any] = list(await stage.emitted())
    assert kinds(told)[-2:] == ["IssueAccepted", "IssueCopied"]
    assert (told[-1].to_level, told[-1].target, told[-1].issue.level) == (3, STREET, 2)
    seen = await people.look(complaint)
    assert (seen["level"], seen["max_level"], seen["state"]) == (2, 2, "accepted")
    assert (await people.steps(complaint))[-1] == "copy"
    assert (await people.clerk.get("/escalations")).json() == []


async def test_a_matter_that_turns_out_to_be_a_complaint_is_copied_too(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    await stage.emitted()
    about_handler = await people.tell("recategorise", issue, people.clerk, category="1003", against="w-1")
    assert (about_handler.status_code, about_handler.json()["errors"][0]["field"]) == (422, "against")
    assert (await people.tell("recategorise", issue, people.leader, category="1003")).status_code == 403
    assert (await people.tell("recategorise", issue, people.clerk, **ACCUSED)).is_success
    assert kinds(list(await stage.emitted())) == ["IssueRecategorised", "IssueCopied"]
    assert (await people.tell("recategorise", issue, people.leader, category="0503")).status_code == 403
    # Whom it is about may be found out later, and is no other matter for that.
    late = await people.tell("recategorise", issue, people.clerk, category="1003", against="l-2")
    assert late.is_success
    assert kinds(list(await stage.emitted())) == ["IssueRecategorised"]


async def test_the_office_takes_a_complaint_in_and_says_whom_it_is_about(
    stage: Stage, people: People
) -> None:
    issue = await people.report()
    assert (await people.tell("accept", issue, people.leader, **ACCUSED)).status_code == 403
    unsaid = await people.tell("accept", issue, people.clerk, category="1003")
    assert (unsaid.status_code, unsaid.json()["errors"][0]["field"]) == (422, "against")
    nobody_knows = await people.tell("accept", issue, people.clerk, category="1003", note="a man in a cap")
    assert nobody_knows.is_success


async def test_no_complaint_is_accepted_or_assigned_by_itself(stage: Stage, people: People) -> None:
    issue = await people.report(people.clerk, category="1003")
    assert issue["state"] == "reported"
    await people.tell("accept", issue, people.clerk, category="1003", note="nobody knows who it was")
    await stage.give(located(issue), proposed(issue, person="w-1"))
    assert (await people.look(issue))["state"] == "accepted"
    assert (await people.steps(issue))[-1] == "leave-to-community"


async def test_whom_it_is_about_gets_no_part_of_the_work(people: People, complaint: Issue) -> None:
    given = await people.tell("assign", complaint, people.clerk, person="l-1")
    assert given.json()["type"].endswith("about-themselves")
    assert (await people.tell("assign", complaint, people.clerk, person="c-2", unit=COMMUNITY)).is_success
    part = {"unit": GRID, "person": "l-1", "title": "say sorry"}
    for parts, status in (([part], 409), ([{**part, "person": "w-2"}], 200)):
        assert (await people.tell("split", complaint, people.clerk, parts=parts)).status_code == status
    (task,) = (await people.clerk.get(f"/issues/{complaint['id']}/tasks")).json()
    regiven = await people.clerk.post(f"/tasks/{task['id']}/give", json={"unit": GRID, "person": "l-1"})
    assert regiven.json()["type"].endswith("about-themselves")
    cancelled = await people.leader.post(f"/tasks/{task['id']}/cancel", json={"reason_code": "mine"})
    assert cancelled.status_code == 403


async def doors(issue: Issue, by: httpx.AsyncClient) -> dict[str, int]:
    """What each door says to this caller about the issue: a status, or how many rows."""
    home = f"/issues/{issue['id']}"
    why = {"reason": "to see who it was"}
    answers = {
        "read": (await by.get(home)).status_code,
        "timeline": (await by.get(f"{home}/timeline")).status_code,
        "evidence": (await by.get(f"{home}/evidence")).status_code,
        "reporter": (await by.post(f"{home}/reporter", json=why)).status_code,
        "suggestions": (await by.get(f"{home}/suggestions")).status_code,
        "listed": len((await by.get("/issues")).json()),
        "escalations": len((await by.get("/escalations")).json()),
    }
    assert set(answers) == {
        "read", "timeline", "evidence", "reporter", "suggestions", "listed", "escalations",
    }  # fmt: skip
    return answers


async def test_whom_it_is_about_and_the_rest_of_the_grid_see_nothing_of_it(
    stage: Stage, people: People, complaint: Issue
) -> None:
    assert (await people.tell("assign", complaint, people.clerk, person="w-1", unit=MICRO_GRID)).is_success
    said = {"type": "whistle", "to_level": 3, "dossier": DOSSIER}
    asked = await people.secretary.post(f"/issues/{complaint['id']}/escalate", json=said)
    assert asked.status_code == 201
    nothing = dict.fromkeys(("read", "timeline", "evidence", "reporter", "suggestions"), 403)
    hidden = nothing | {"listed": 0, "escalations": 0}
    colleague = stage.client(Role.GRID_WORKER, areas=(GRID,), subject="w-3")
    assert await doors(complaint, people.leader) == hidden
    assert await doors(complaint, colleague) == hidden
    assert (await people.leader.get(f"/escalations/{asked.json()['id']}")).status_code == 403
    shown = dict.fromkeys(nothing, 200) | {"listed": 1, "escalations": 1}
    assert await doors(complaint, people.clerk) == shown
    assert (await doors(complaint, people.worker))["read"] == 200
    assert (await doors(complaint, people.worker))["listed"] == 1
    await colleague.aclose()


async def test_a_clerk_who_is_complained_about_sees_nothing_of_it_either(people: People) -> None:
    issue = await people.report(reporter={"name": "李明", "phone": "13900000000"})
    assert (await people.tell("accept", issue, people.secretary, category="1003", against="c-1")).is_success
    assert (await doors(issue, people.clerk))["read"] == 403
    assert (await doors(issue, people.clerk))["listed"] == 0
    search = {"phone": "13900000000", "reason": "to see who it was"}
    assert (await people.clerk.post("/issues/search", json=search)).json() == []
    assert len((await people.secretary.post("/issues/search", json=search)).json()) == 1
    assert (await people.tell("assign", issue, people.clerk, person="w-1")).status_code == 403
    assert (await people.tell("call-back", issue, people.clerk)).status_code == 403


async def test_who_complains_reads_their_own_complaint(stage: Stage, people: People) -> None:
    issue = await people.report(people.worker, channel="grid_patrol", category="1003")
    await stage.give(located(issue))
    assert (await people.tell("accept", issue, people.clerk, **ACCUSED)).is_success
    assert (await people.worker.get(f"/issues/{issue['id']}")).status_code == 200
    assert [one["id"] for one in (await people.worker.get("/issues")).json()] == [issue["id"]]
