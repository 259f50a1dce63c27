"""Asking a higher level: who may, who approves, what the issue does meanwhile."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.intake.escalations.rules import MOVES, allowed
from services.intake.issues.record import locked
from shared.auth import Role
from shared.events.intake import EscalationState
from shared.testing import COMMUNITY, Stage
from tests.intake.people import DOSSIER, GRID, HANDOVER, STREET, People, kinds, located, proposed

TO_STREET = {"to_level": 3, "criteria": ["law_enforcement"], "dossier": DOSSIER}
RELIEF = {
    "type": "relief_request",
    "to_level": 3,
    "target": "women-federation",
    "criteria": [],
    "dossier": DOSSIER,
}
WHISTLE = {"type": "whistle", "to_level": 3, "criteria": [], "dossier": DOSSIER}

UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"to_level": 1, "criteria": []}, "to_level"),
    ({"to_level": 4}, "to_level"),
    ({"criteria": []}, "criteria"),
    ({"criteria": ["because"]}, "criteria"),
    ({"criteria": ["several_grids"]}, "criteria"),
    ({**WHISTLE, "to_level": 2}, "to_level"),
    ({"dossier": {**DOSSIER, "facts": "he is at 139 1234 5678"}}, "dossier.facts"),
    ({"dossier": {**DOSSIER, "tried": ["ID 620102199001011234"]}}, "dossier.tried.0"),
    ({"type": "emergency_notice"}, "type"),
    ({"target": "a b"}, "target"),
]


async def ask(people: People, issue: dict[str, Any], by: httpx.AsyncClient, **said: Any) -> dict[str, Any]:
    answer = await people.tell("escalate", issue, by, **{**TO_STREET, **said})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(answer.json()["id"])
    return dict(answer.json())


async def decide(by: httpx.AsyncClient, escalation: dict[str, Any], move: str, **said: Any) -> httpx.Response:
    return await by.post(f"/escalations/{escalation['id']}/{move}", json=said)


async def test_a_handler_hands_up_to_the_community_without_asking(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    escalation = await ask(people, issue, people.worker, **HANDOVER)
    assert (escalation["state"], escalation["from_level"], escalation["to_level"]) == ("sent", 1, 2)
    assert escalation["target"] == COMMUNITY
    after = await people.look(issue)
    assert (after["state"], after["level"], after["max_level"]) == ("escalated", 2, 1)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["EscalationSent", "IssueEscalated"]
    assert told[0].dossier.ask == DOSSIER["ask"]


async def test_the_street_is_asked_at_once_by_the_secretary(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary)
    assert (escalation["state"], escalation["target"]) == ("sent", STREET)
    assert escalation["due_ack"] == "2026-03-05T08:00:00Z"
    assert escalation["due_reply"] == "2026-03-12T02:00:00Z"
    assert (await people.look(issue))["colour"] == "red"


@pytest.mark.parametrize("who", ["worker", "clerk"])
async def test_anybody_else_asks_the_street_through_the_secretary(
    stage: Stage, people: People, who: str
) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    escalation = await ask(people, issue, getattr(people, who))
    assert escalation["state"] == "requested"
    assert (await people.look(issue))["state"] == "in_progress"
    assert kinds(await stage.emitted()) == ["EscalationRequested"]
    assert (await decide(people.clerk, escalation, "approve")).status_code == 403
    answer = await decide(people.secretary, escalation, "approve")
    assert (answer.json()["state"], answer.json()["version"]) == ("sent", 2)
    assert (await people.look(issue))["state"] == "escalated"
    assert kinds(await stage.emitted()) == ["EscalationSent", "IssueEscalated"]


async def test_a_refusal_leaves_the_issue_where_it_was(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.worker)
    await stage.emitted()
    assert (await decide(people.secretary, escalation, "refuse", reason="try the yard first")).is_success
    assert (await people.look(issue))["state"] == "in_progress"
    told: Any = (await stage.emitted())[0]
    assert (told.escalation.state, told.reason) == ("refused", "try the yard first")
    await ask(people, issue, people.worker)


async def test_what_was_asked_for_an_issue_that_has_moved_on_cannot_be_approved(people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.worker)
    await people.tell("suspend", issue, people.leader)
    answer = await decide(people.secretary, escalation, "approve")
    assert answer.status_code == 409
    assert {"resume", "escalate"} & set(answer.json()["allowed"]) == {"resume"}


async def test_an_issue_is_handed_up_once_at_a_time(people: People) -> None:
    issue = await people.issue("in_progress")
    await ask(people, issue, people.worker)
    answer = await people.tell("escalate", issue, people.secretary, **TO_STREET)
    assert answer.json()["type"] == "urn:sanlian:problem:handover-under-way"


async def test_an_asking_that_does_not_fit_is_refused_by_field(people: People) -> None:
    issue = await people.issue("in_progress")
    for said, field in UNFIT:
        answer = await people.tell("escalate", issue, people.secretary, **{**TO_STREET, **said})
        assert answer.status_code == 422, (said, answer.text)
        assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("said", [WHISTLE, RELIEF])
async def test_what_is_no_hand_over_lets_the_community_work_on(
    stage: Stage, people: People, said: dict[str, Any]
) -> None:
    for state in ("accepted", "suspended"):
        issue = await people.issue(state)
        await stage.emitted()
        await ask(people, issue, people.secretary, **said)
        assert (await people.look(issue))["state"] == state
        assert kinds(await stage.emitted()) == ["EscalationSent"]
    ended = await people.issue("closed")
    answer = await people.tell("escalate", ended, people.secretary, **said)
    assert answer.status_code == 409


async def test_a_whistle_is_due_on_the_clock_of_its_urgency(people: People) -> None:
    issue = await people.issue("accepted")
    assert (await ask(people, issue, people.secretary, **WHISTLE))["due_ack"] == "2026-03-06T02:00:00Z"
    urgent = await people.report(people.worker, category="0502")
    assert (await ask(people, urgent, people.secretary, **WHISTLE))["due_ack"] == "2026-03-05T04:00:00Z"


async def test_recalling_brings_the_issue_home(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary)
    await stage.emitted()
    assert (await decide(people.clerk, escalation, "recall")).json()["state"] == "recalled"
    after = await people.look(issue)
    assert (after["state"], after["level"], after["max_level"]) == ("in_progress", 1, 1)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["EscalationRecalled", "IssueReturned"]
    assert told[1].reason_code == "recalled"


async def test_recalling_what_nobody_approved_changes_nothing_else(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.worker)
    await stage.emitted()
    await decide(people.clerk, escalation, "recall")
    assert kinds(await stage.emitted()) == ["EscalationRecalled"]


async def test_resolving_takes_back_a_hand_over_that_is_under_way(stage: Stage, people: People) -> None:
    issue = await people.issue("escalated")
    await people.add_photo(issue)
    await stage.emitted()
    assert (await people.tell("resolve", issue, people.worker)).is_success
    assert kinds(await stage.emitted()) == ["EscalationRecalled", "IssueResolved"]


async def test_what_nobody_has_approved_yet_ends_with_the_work(stage: Stage, people: People) -> None:
    resolved, withdrawn = await people.issue("in_progress"), await people.issue("in_progress")
    for issue in (resolved, withdrawn):
        await ask(people, issue, people.worker)
    await people.add_photo(resolved)
    await stage.emitted()
    await people.tell("resolve", resolved, people.worker)
    assert kinds(await stage.emitted()) == ["EscalationRecalled", "IssueResolved"]
    await people.tell("withdraw", withdrawn, people.resident)
    assert kinds(await stage.emitted()) == ["EscalationRecalled", "IssueWithdrawn"]


async def test_a_whistle_of_a_clerk_waits_for_the_secretary(stage: Stage, people: People) -> None:
    issue = await people.issue("accepted")
    escalation = await ask(people, issue, people.clerk, **WHISTLE)
    await stage.emitted()
    assert (await decide(people.secretary, escalation, "approve")).json()["state"] == "sent"
    assert kinds(await stage.emitted()) == ["EscalationSent"]
    assert (await people.look(issue))["state"] == "accepted"


async def test_the_level_that_was_asked_answers_and_nobody_else(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.worker, **HANDOVER)
    for stranger in (people.leader, people.officer):
        assert (await decide(stranger, escalation, "acknowledge")).status_code == 403
    answer = await decide(people.clerk, escalation, "acknowledge")
    assert answer.json()["state"] == "acknowledged"
    answer = await decide(people.clerk, escalation, "progress", text="the yard is being opened")
    assert answer.json()["state"] == "handling"
    assert (await people.look(issue))["max_level"] == 2


async def test_a_reply_resolves_the_issue_with_the_answer_as_evidence(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary)
    await stage.emitted()
    said = {"outcome_code": "pipe_replaced", "text": "replaced on the 5th"}
    answer = await decide(people.officer, escalation, "reply", **said)
    assert answer.json()["state"] == "replied"
    after = await people.look(issue)
    assert (after["state"], after["outcome_code"]) == ("resolved", "pipe_replaced")
    assert (after["level"], after["max_level"]) == (1, 3)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["EscalationReplied", "IssueResolved"]
    assert told[1].evidence_count == 1
    evidence = (await people.clerk.get(f"/issues/{issue['id']}/evidence")).json()
    path = f"/issues/{issue['id']}/evidence/{evidence[0]['id']}"
    assert (await people.clerk.get(path)).text == "replaced on the 5th"
    assert (await decide(people.clerk, escalation, "close")).json()["state"] == "closed"
    assert kinds(await stage.emitted()) == ["EscalationClosed"]


async def test_a_reply_that_leaves_work_sends_the_issue_home(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary)
    said = {"outcome_code": "partly", "text": "please clear the yard", "needs_community_action": True}
    await decide(people.officer, escalation, "reply", **said)
    after = await people.look(issue)
    assert (after["state"], after["level"], after["max_level"]) == ("in_progress", 2, 3)
    assert after["due_resolve"] == issue["due_resolve"]


async def test_a_second_return_takes_the_word_of_the_leader(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    first = await ask(people, issue, people.secretary)
    assert (await decide(people.officer, first, "return", reason_code="incomplete")).is_success
    after = await people.look(issue)
    assert (after["state"], after["level"], after["max_level"]) == ("in_progress", 2, 1)
    assert after["due_resolve"] == issue["due_resolve"]
    second = await ask(people, issue, people.secretary)
    assert second["returns"] == 1
    answer = await decide(people.officer, second, "return", reason_code="incomplete")
    assert answer.json()["type"] == "urn:sanlian:problem:returned-already"
    said = {"reason_code": "not_our_remit", "by_leader": True}
    assert (await decide(people.officer, second, "return", **said)).json()["returns"] == 2


async def test_copies_and_requests_for_relief_do_not_raise_the_level(people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary, **RELIEF)
    await decide(people.officer, escalation, "progress", text="on our way")
    said = {"outcome_code": "goods", "text": "rice and oil were brought"}
    await decide(people.officer, escalation, "reply", **said)
    after = await people.look(issue)
    assert (after["state"], after["max_level"]) == ("in_progress", 1)
    again = await ask(people, issue, people.secretary, **WHISTLE)
    await decide(people.officer, again, "progress", text="we came")
    assert (await people.look(issue))["max_level"] == 3


async def test_a_copy_may_be_handed_back_while_the_issue_goes_on(people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary, **RELIEF)
    await decide(people.officer, escalation, "return", reason_code="duplicate")
    assert (await people.look(issue))["state"] == "in_progress"
    assert "return-escalation" in await people.steps(issue)


async def test_a_hand_over_is_closed_only_with_its_answer(people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.secretary)
    await decide(people.officer, escalation, "acknowledge", street_no="GX-1")
    answer = await decide(people.clerk, escalation, "close")
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["recall"])


# How one comes into each state; what is `approved` is sent in the same step, `expired` comes with the timers.
ROADS: dict[str, tuple[str, ...]] = {
    "requested": (),
    "refused": ("refuse",),
    "sent": ("approve",),
    "acknowledged": ("approve", "acknowledge"),
    "handling": ("approve", "progress"),
    "replied": ("approve", "reply"),
    "returned": ("approve", "return"),
    "recalled": ("approve", "recall"),
    "closed": ("approve", "reply", "close"),
}
SAID: dict[str, dict[str, Any]] = {
    "refuse": {"reason": "no"},
    "progress": {"text": "on our way"},
    "return": {"reason_code": "duplicate"},
    "reply": {"outcome_code": "done", "text": "done"},
}


@pytest.mark.parametrize("state", list(ROADS))
async def test_a_move_that_the_state_does_not_allow_is_refused_with_what_is(
    people: People, state: str
) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.clerk)
    roles = (Role.COMMUNITY_SECRETARY, Role.STREET_OFFICER)
    async with people.stage.client(*roles, areas=(STREET,), subject="both") as both:
        for move in ROADS[state]:
            answer = await decide(both, escalation, move, **SAID.get(move, {}))
            assert answer.is_success, answer.text
        for move in MOVES.keys() - set(allowed(state)):
            answer = await decide(both, escalation, move, **SAID.get(move, {}))
            assert answer.status_code == 409, (move, answer.text)
            assert answer.json()["allowed"] == list(allowed(state))
        shown = (await both.get(f"/escalations/{escalation['id']}")).json()
        assert (shown["state"], shown["moves"]) == (state, list(allowed(state)))


def test_the_states_of_the_table_are_those_of_the_contract() -> None:
    assert {move.target for move in MOVES.values()} <= set(EscalationState)
    assert set(ROADS) | {"approved", "expired"} == set(EscalationState)


async def test_escalations_are_listed_in_pages_and_cut_to_ones_areas(stage: Stage, people: People) -> None:
    made = []
    for _ in range(3):
        issue = await people.issue("in_progress")
        made.append(await ask(people, issue, people.secretary))
    first = await people.officer.get("/escalations", params={"limit": 2, "state": "sent"})
    assert [one["id"] for one in first.json()] == [made[2]["id"], made[1]["id"]]
    following = first.links["next"]["url"].removeprefix("/intake/v1")
    assert [one["id"] for one in (await people.officer.get(following)).json()] == [made[0]["id"]]
    assert (await people.other_worker.get("/escalations")).json() == []
    params = {"type": "handover", "issue_id": made[0]["issue_id"]}
    assert len((await people.worker.get("/escalations", params=params)).json()) == 1
    assert (await people.worker.get(f"/escalations/{made[0]['id']}")).status_code == 200
    assert (await people.other_worker.get(f"/escalations/{made[0]['id']}")).status_code == 403
    assert (await people.clerk.get("/escalations", params={"cursor": "WyJ4Il0"})).status_code == 422
    unknown = {"id": "00000000-0000-7000-8000-000000000000"}
    assert (await people.clerk.get(f"/escalations/{unknown['id']}")).status_code == 404
    assert (await decide(people.clerk, unknown, "recall")).status_code == 404


async def test_a_stale_if_match_decides_nothing(people: People) -> None:
    issue = await people.issue("in_progress")
    escalation = await ask(people, issue, people.clerk)
    path = f"/escalations/{escalation['id']}/approve"
    assert (await people.secretary.post(path, headers={"If-Match": '"7"'})).status_code == 412
    assert (await people.secretary.post(path, headers={"If-Match": '"1"'})).status_code == 200


async def test_within_the_grid_the_leader_is_asked(stage: Stage, people: People) -> None:
    issue = await people.report(people.worker, category="0503")
    async with stage.host.work() as work:
        (await locked(work, UUID(issue["id"]))).level = 0
    await stage.give(located(issue), proposed(issue))
    await people.tell("start", issue, people.worker)
    said = {"to_level": 1, "criteria": [], "dossier": DOSSIER}
    escalation = await ask(people, issue, people.worker, **said)
    assert (escalation["state"], escalation["target"]) == ("sent", GRID)
    assert (await decide(people.leader, escalation, "acknowledge")).is_success
