"""The state table of an issue, line by line, and everything that is not in it."""

from typing import Any

import pytest

from services.intake.issues.rules import COMMANDS, ENDED, OPEN, By, allowed
from shared.auth import Role
from shared.events.intake import IssueState
from shared.testing import Stage
from tests.intake.people import People, kinds

# Every line of domain.md §2.1 that a command stands for: from, command, who, to, event.
LINES = [
    ("reported", "accept", "clerk", "accepted", "IssueAccepted"),
    ("reported", "reject", "clerk", "rejected", "IssueRejected"),
    ("reported", "merge", "clerk", "merged", "IssueMerged"),
    ("accepted", "merge", "clerk", "merged", "IssueMerged"),
    ("merged", "unmerge", "clerk", "reported", "IssueUnmerged"),
    ("accepted", "assign", "secretary", "assigned", "IssueAssigned"),
    ("assigned", "assign", "leader", "assigned", "IssueAssigned"),
    ("assigned", "decline", "worker", "accepted", "IssueDeclined"),
    ("assigned", "start", "worker", "in_progress", "IssueResponded"),
    ("in_progress", "transfer", "leader", "in_progress", "IssueAssigned"),
    ("suspended", "transfer", "leader", "suspended", "IssueAssigned"),
    ("escalated", "transfer", "clerk", "escalated", "IssueAssigned"),
    ("accepted", "recategorise", "clerk", "accepted", "IssueRecategorised"),
    ("assigned", "recategorise", "leader", "assigned", "IssueRecategorised"),
    ("in_progress", "recategorise", "clerk", "in_progress", "IssueRecategorised"),
    ("suspended", "recategorise", "clerk", "suspended", "IssueRecategorised"),
    ("assigned", "split", "leader", "assigned", "IssueSplit"),
    ("in_progress", "split", "leader", "in_progress", "IssueSplit"),
    ("assigned", "ask-extension", "worker", "assigned", "IssueExtensionAsked"),
    ("in_progress", "ask-extension", "worker", "in_progress", "IssueExtensionAsked"),
    ("assigned", "decide-extension", "clerk", "assigned", "IssueExtended"),
    ("in_progress", "decide-extension", "clerk", "in_progress", "IssueExtended"),
    ("assigned", "request-help", "worker", "assigned", "IssueHelpRequested"),
    ("in_progress", "request-help", "worker", "in_progress", "IssueHelpRequested"),
    ("in_progress", "suspend", "leader", "suspended", "IssueSuspended"),
    ("suspended", "resume", "worker", "in_progress", "IssueResumed"),
    ("in_progress", "escalate", "worker", "escalated", "IssueEscalated"),
    ("in_progress", "resolve", "worker", "resolved", "IssueResolved"),
    ("escalated", "resolve", "worker", "resolved", "IssueResolved"),
    ("resolved", "rework", "leader", "in_progress", "IssueReworked"),
    ("resolved", "verify", "leader", "verified", "IssueVerified"),
    ("verified", "call-back", "clerk", "closed", "IssueClosed"),
    ("closed", "reopen", "resident", "assigned", "IssueReopened"),
    ("reported", "withdraw", "resident", "withdrawn", "IssueWithdrawn"),
    ("accepted", "withdraw", "resident", "withdrawn", "IssueWithdrawn"),
    ("assigned", "withdraw", "resident", "withdrawn", "IssueWithdrawn"),
    ("in_progress", "withdraw", "resident", "withdrawn", "IssueWithdrawn"),
]
# A merged issue stays merged: these move its master (see test_families).
OF_MASTERS = {("merged", "call-back"), ("merged", "reopen")}
# An answer for the time being is noted, and moves nothing (see test_clocks).
NOTED = {(state, "interim-reply") for state in ("assigned", "in_progress", "suspended", "escalated")}


def test_the_lines_of_this_test_are_all_that_the_table_allows() -> None:
    tested = {(state, command) for state, command, *_ in LINES} | OF_MASTERS | NOTED
    assert tested == {(state, name) for state in IssueState for name in allowed(state)}


def test_every_state_is_open_or_ended() -> None:
    assert set(IssueState) == OPEN | ENDED
    assert not OPEN & ENDED


@pytest.mark.parametrize(("state", "command", "who", "target", "event"), LINES)
async def test_a_legal_command_moves_the_issue_and_tells_of_it(
    people: People, state: str, command: str, who: str, target: str, event: str
) -> None:
    issue = await people.issue(state)
    said: dict[str, Any] = {}
    if command == "merge":
        said["master_id"] = (await people.report())["id"]
    if command == "resolve":
        await people.add_photo(issue)
    if command == "decide-extension":
        issue |= (await people.tell("ask-extension", issue, people.worker)).json()
    await people.stage.emitted()

    answer = await people.tell(command, issue, getattr(people, who), **said)

    assert answer.is_success, answer.text
    after, told = await people.look(issue), await people.stage.emitted()
    assert after["state"] == target
    assert after["version"] == issue["version"] + 1
    about_issue = [one for one in told if one.about == "issue"]
    assert kinds(about_issue) == [event]
    snapshot: Any = about_issue[0].snapshot
    assert (snapshot.version, snapshot.state) == (after["version"], target)


@pytest.mark.parametrize("state", list(IssueState))
async def test_an_illegal_command_is_refused_with_what_is_possible(people: People, state: str) -> None:
    issue = await people.issue(state)
    everywhere = people.stage.client(Role.GRID_WORKER, subject="w-1")
    givers = {
        By.AREA: people.secretary,
        By.HANDLER: everywhere,
        By.HANDLER_OR_AREA: everywhere,
        By.REPORTER: people.resident,
    }
    await people.stage.emitted()
    for name, command in COMMANDS.items():
        if name in allowed(state):
            continue
        said = {"master_id": issue["id"]} if name == "merge" else {}
        answer = await people.tell(name, issue, givers[command.by], **said)
        assert answer.status_code == 409, (name, answer.text)
        assert answer.json()["type"] == "urn:sanlian:problem:illegal-transition"
        assert answer.json()["allowed"] == list(allowed(state))
    assert await people.look(issue) == {**await people.look(issue), "version": issue["version"]}
    assert await people.stage.emitted() == []
    await everywhere.aclose()


async def test_a_command_is_refused_to_every_role_that_the_table_does_not_name(
    stage: Stage, people: People
) -> None:
    issue = await people.report()
    for name, command in COMMANDS.items():
        for role in set(Role) - command.roles:
            async with stage.client(role, subject="resident:1") as client:
                answer = await people.tell(name, issue, client)
            assert answer.status_code == 403, (name, role, answer.text)
        assert (await people.tell(name, issue, people.nobody)).status_code == 401


async def test_a_worker_of_another_grid_may_do_nothing(people: People) -> None:
    issue = await people.issue("assigned")
    for name in COMMANDS:
        answer = await people.tell(name, issue, people.other_worker, **_master(name, issue))
        assert answer.status_code == 403, (name, answer.text)


async def test_a_command_on_an_unknown_issue_finds_nothing(stage: Stage, people: People) -> None:
    unknown = {"id": "00000000-0000-7000-8000-000000000000"}
    for name, command in COMMANDS.items():
        async with stage.client(min(command.roles)) as client:
            answer = await people.tell(name, unknown, client, **_master(name, unknown))
        assert answer.status_code == 404, (name, answer.text)


async def test_an_unknown_field_is_refused_by_name(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    for name, command in COMMANDS.items():
        async with stage.client(min(command.roles)) as client:
            answer = await people.tell(name, issue, client, shade="green", **_master(name, issue))
        assert answer.status_code == 422, (name, answer.text)
        assert "shade" in [fault["field"] for fault in answer.json()["errors"]]


async def test_a_command_under_a_stale_if_match_changes_nothing(people: People) -> None:
    issue = await people.issue("assigned")
    path = f"/issues/{issue['id']}/start"
    late = await people.worker.post(path, json={}, headers={"If-Match": f'"{issue["version"] - 1}"'})
    assert late.status_code == 412
    assert late.json()["type"] == "urn:sanlian:problem:stale-version"
    in_time = await people.worker.post(path, json={}, headers={"If-Match": f'"{issue["version"]}"'})
    assert in_time.status_code == 200
    assert in_time.headers["etag"] == f'"{issue["version"] + 1}"'


def _master(name: str, issue: dict[str, Any]) -> dict[str, Any]:
    return {"master_id": issue["id"]} if name == "merge" else {}
