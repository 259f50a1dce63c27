"""What the state table alone does not say: four eyes, counts, dates, and what a danger does not do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select

from services.intake.issues.models import Issue
from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.intake.people import GRID, NEED, OTHER_GRID, People, kinds, proposed


def refused_as(answer: httpx.Response, slug: str, status: int = 409) -> bool:
    return answer.status_code == status and str(answer.json()["type"]) == f"urn:sanlian:problem:{slug}"


async def test_acceptance_sets_category_urgency_level_and_clocks(stage: Stage, people: People) -> None:
    issue = await people.report()
    stage.clock.advance(timedelta(hours=1))
    answer = await people.tell("accept", issue, people.clerk, category="0502", affected_households=12)
    after = answer.json()
    assert (after["category"], after["urgency"], after["level"], after["max_level"]) == ("0502", "U1", 1, 1)
    assert after["affected_households"] == 12
    assert after["due_respond"] == "2026-03-05T05:00:00Z"
    assert after["due_resolve"] == "2026-03-06T03:00:00Z"


async def test_nothing_is_accepted_without_a_category_that_exists(people: People) -> None:
    issue = await people.report()
    for category in (None, "0999"):
        answer = await people.tell("accept", issue, people.clerk, category=category)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "category"


async def test_a_worker_accepts_only_what_lies_in_the_own_grid(people: People) -> None:
    issue = await people.report()
    assert (await people.tell("accept", issue, people.worker)).status_code == 403
    assert (await people.tell("accept", issue, people.clerk, area_code=GRID)).status_code == 200


async def test_the_advice_that_goes_with_a_rejection_reaches_the_reporter(people: People) -> None:
    issue = await people.issue("rejected")
    own = (await people.resident.get(f"/issues/{issue['id']}/timeline")).json()
    assert own[-1]["note"] == "please ask the property company"
    tracked = (await people.nobody.get(f"/track/{issue['no']}?code={issue['track_code']}")).json()
    assert tracked["steps"][-1]["said"] == own[-1]["note"]


async def test_an_area_set_by_hand_must_be_ones_own(stage: Stage, people: People) -> None:
    issue = await people.report()
    async with stage.client(Role.COMMUNITY_CLERK, areas=(COMMUNITY,)) as clerk:
        answer = await people.tell("accept", issue, clerk, area_code="620102014007")
    assert answer.status_code == 403


async def test_an_issue_is_merged_into_another_one_that_is_open(people: People) -> None:
    issue, ended = await people.report(), await people.issue("withdrawn")
    for master in (issue, ended):
        answer = await people.tell("merge", issue, people.clerk, master_id=master["id"])
        assert refused_as(answer, "unfit-master")
    older, newer = await people.report(), await people.report()
    assert (await people.tell("merge", older, people.clerk, master_id=newer["id"])).is_success
    again = await people.tell("merge", newer, people.clerk, master_id=issue["id"])
    assert again.is_success
    assert (await people.look(newer))["parent_id"] == issue["id"]


async def test_who_declines_gives_it_back_to_be_sought_anew(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    await stage.emitted()
    after = (await people.tell("decline", issue, people.worker)).json()
    assert (after["handler"], after["assignment_round"], after["decline_count"]) == (None, 1, 1)
    told: Any = (await stage.emitted())[0]
    assert told.declined_by.person == "w-1"
    assert told.issue.assignment_round == 1


async def test_a_third_person_cannot_hand_it_back(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    for round in (1, 2):
        assert (await people.tell("decline", issue, people.worker)).is_success
        await stage.give(proposed(issue, round=round))
    assert refused_as(await people.tell("decline", issue, people.worker), "declines-exhausted")


async def test_only_the_handler_works_on_an_issue(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    async with stage.client(Role.GRID_WORKER, areas=(GRID,), subject="w-2") as colleague:
        for command in ("start", "decline", "request-help"):
            assert (await people.tell(command, issue, colleague)).status_code == 403


async def test_naming_the_same_handler_again_is_refused(people: People) -> None:
    issue = await people.issue("assigned")
    answer = await people.tell("assign", issue, people.leader, person="w-1")
    assert refused_as(answer, "same-handler")


async def test_a_handler_from_another_grid_may_work_on_what_was_given_to_them(people: People) -> None:
    issue = await people.issue("accepted")
    await people.tell("assign", issue, people.clerk, person="w-9", unit=OTHER_GRID)
    assert (await people.tell("start", issue, people.other_worker)).is_success
    assert (await people.other_worker.get(f"/issues/{issue['id']}")).status_code == 200


async def test_a_waiting_issue_gets_its_time_back(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await people.tell("suspend", issue, people.leader)
    stage.clock.advance(timedelta(days=3, seconds=1))
    after = (await people.tell("resume", issue, people.worker)).json()
    due = datetime.fromisoformat(issue["due_resolve"]) + timedelta(days=3, seconds=1)
    assert datetime.fromisoformat(after["due_resolve"]) == due
    assert after["paused_s"] == 3 * 86400 + 1
    assert after["suspended_until"] is None


async def test_an_issue_waits_twice_at_most_and_thirty_days_at_a_time(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    for days in (-1, 0, 31):
        until = (stage.clock.now() + timedelta(days=days)).isoformat()
        answer = await people.tell("suspend", issue, people.leader, until=until)
        assert answer.json()["errors"][0]["field"] == "until"
    for _ in range(2):
        assert (await people.tell("suspend", issue, people.leader)).is_success
        assert (await people.tell("resume", issue, people.leader)).is_success
    assert refused_as(await people.tell("suspend", issue, people.leader), "suspensions-exhausted")


async def test_nothing_is_resolved_without_evidence_of_the_work(people: People) -> None:
    issue = await people.issue("in_progress")
    await people.add_photo(issue, by=people.resident)
    assert refused_as(await people.tell("resolve", issue, people.worker), "evidence-missing")
    photo = await people.add_photo(issue)
    strange = await people.add_photo(await people.issue("in_progress"))
    answer = await people.tell("resolve", issue, people.worker, evidence=[strange["id"]])
    assert answer.json()["errors"][0]["field"] == "evidence"
    assert (await people.tell("resolve", issue, people.worker, evidence=[photo["id"]])).is_success


async def test_who_did_the_work_judges_it_in_no_role(stage: Stage, people: People) -> None:
    roles = (Role.GRID_LEADER, Role.COMMUNITY_CLERK)
    async with stage.client(*roles, subject="w-1") as handler:
        issue = await people.issue("resolved")
        for command in ("verify", "rework"):
            assert refused_as(await people.tell(command, issue, handler), "four-eyes", 403)
        issue = await people.issue("verified")
        assert refused_as(await people.tell("call-back", issue, handler), "four-eyes", 403)


async def test_a_matter_that_nobody_sorted_is_sorted_at_verification(stage: Stage, people: People) -> None:
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, category="99")
    await stage.give(proposed(issue))
    await people.tell("start", issue, people.worker)
    await people.add_photo(issue)
    await people.tell("resolve", issue, people.worker)
    assert (await people.tell("verify", issue, people.leader)).status_code == 422
    after = (await people.tell("verify", issue, people.leader, category="0305")).json()
    assert (after["state"], after["category"], after["privacy_class"]) == ("verified", "0305", 2)


async def test_rework_forgets_the_result_and_keeps_the_clock(people: People) -> None:
    issue = await people.issue("resolved")
    after = (await people.tell("rework", issue, people.leader)).json()
    assert (after["resolved_at"], after["outcome_code"]) == (None, None)
    assert after["due_resolve"] == issue["due_resolve"]


async def test_whoever_is_reached_is_asked_whether_it_is_solved(people: People) -> None:
    issue = await people.issue("verified")
    answer = await people.clerk.post(f"/issues/{issue['id']}/call-back", json={"reached": True})
    assert answer.json()["errors"][0]["field"] == "solved"


async def test_not_solved_gives_the_issue_back_to_its_handler(stage: Stage, people: People) -> None:
    issue = await people.issue("verified")
    await stage.emitted()
    after = (await people.tell("call-back", issue, people.clerk, solved=False, rating=1)).json()
    assert (after["state"], after["reopen_count"], after["handler"]["person"]) == ("assigned", 1, "w-1")
    assert kinds(await stage.emitted()) == ["IssueReopened"]


async def test_three_tries_on_two_days_close_an_issue_whose_reporter_is_not_reached(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("verified")
    await stage.emitted()
    unreached: dict[str, Any] = {"reached": False, "solved": None, "rating": None}
    for _ in range(4):
        after = (await people.tell("call-back", issue, people.clerk, **unreached)).json()
        assert after["state"] == "verified"
    assert await stage.emitted() == []
    stage.clock.advance(timedelta(days=1))
    after = (await people.tell("call-back", issue, people.clerk, **unreached)).json()
    assert (after["state"], after["reached"], after["solved"]) == ("closed", False, None)
    closed: Any = (await stage.emitted())[0]
    assert (closed.reached, closed.solved, closed.rating) == (False, None, None)


async def test_who_left_no_way_to_be_reached_is_not_called(stage: Stage, people: People) -> None:
    issue = await people.issue("verified", anonymous=True)
    answer = await people.tell("call-back", issue, people.clerk, reached=False, solved=None)
    assert answer.json()["state"] == "closed"


async def test_the_reporter_reopens_within_fifteen_days_and_not_a_second_later(
    stage: Stage, people: People
) -> None:
    issue, other = await people.issue("closed"), await people.issue("closed")
    assert (await people.tell("reopen", issue, people.neighbour)).status_code == 403
    stage.clock.advance(timedelta(days=15))
    assert (await people.tell("reopen", issue, people.resident)).json()["state"] == "assigned"
    stage.clock.advance(timedelta(seconds=1))
    late = await people.tell("reopen", other, people.resident)
    assert refused_as(late, "reopen-too-late")
    assert other["no"] in late.json()["detail"]
    await people.report(follows=other["no"])


async def test_a_reopened_issue_goes_one_level_up_and_the_second_time_it_is_red(people: People) -> None:
    issue = await people.issue("closed")
    await people.tell("reopen", issue, people.resident)
    again = await people.look(issue)
    assert (again["level"], again["handler"]) == (2, {"unit": COMMUNITY, "person": "w-1"})
    assert (again["solved"], again["rating"]) == (None, None)
    await people.tell("start", issue, people.worker)
    assert refused_as(await people.tell("resolve", issue, people.worker), "evidence-missing")
    await people.add_photo(issue)
    for command, who in (("resolve", people.worker), ("verify", people.leader)):
        assert (await people.tell(command, issue, who)).is_success
    after = (await people.tell("call-back", issue, people.clerk, solved=False)).json()
    assert (after["colour"], after["level"], after["max_level"]) == ("red", 2, 2)


async def test_the_office_speaks_for_who_reported_by_phone(stage: Stage, people: People) -> None:
    said = {"channel": "phone", "reporter": {"phone": "13912345678"}}
    issue = await people.report(people.clerk, **said)
    assert (await people.tell("withdraw", issue, people.neighbour)).status_code == 403
    assert (await people.tell("withdraw", issue, people.clerk)).json()["state"] == "withdrawn"
    own = await people.report()
    assert (await people.tell("withdraw", own, people.clerk)).status_code == 403


async def test_nobody_speaks_for_the_unknown_nor_for_whose_matter_they_handle(
    stage: Stage, people: People
) -> None:
    unknown = await people.report(anonymous=True)
    assert (await people.tell("withdraw", unknown, people.clerk)).status_code == 403
    said = {"channel": "phone", "category": "0503", "reporter": {"phone": "13912345678"}}
    issue = await people.report(people.clerk, **said)
    await people.tell("assign", issue, people.secretary, person="c-1", unit=COMMUNITY)
    assert refused_as(await people.tell("withdraw", issue, people.clerk), "four-eyes", 403)
    assert (await people.tell("withdraw", issue, people.secretary)).is_success


async def test_what_nobody_can_be_asked_about_is_shown_by_a_photo(people: People) -> None:
    issue = await people.issue("in_progress", anonymous=True)
    paper = {"file": ("report.pdf", b"%PDF-1.4 a report", "application/pdf")}
    added = await people.worker.post(f"/issues/{issue['id']}/evidence", files=paper)
    assert added.status_code == 201, added.text
    assert (await people.tell("resolve", issue, people.worker)).is_success
    assert refused_as(await people.tell("verify", issue, people.leader), "photo-missing")
    await people.add_photo(issue)
    assert (await people.tell("verify", issue, people.leader)).is_success


async def test_a_danger_stays_open_when_its_reporter_takes_it_back(stage: Stage, people: People) -> None:
    issue = await people.report(category="0104")
    await stage.emitted()
    answer = await people.tell("withdraw", issue, people.resident)
    assert answer.json()["state"] == "reported"
    told: Any = await stage.emitted()
    assert kinds(told) == ["IssueKeptOpen"]
    assert told[0].issue.channel == "grid_patrol"
    async with stage.host.look() as work:
        kept = (await work.session.scalars(select(Issue))).one()
    assert kept.reporter_subject is None
    assert (await people.tell("withdraw", issue, people.resident)).status_code == 403


async def test_each_asking_for_help_is_a_need_of_its_own(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    for quantity in (2, 3):
        assert (await people.tell("request-help", issue, people.worker, quantity=quantity)).is_success
    told: list[Any] = list(await stage.emitted())
    assert [(one.help.no, one.help.quantity) for one in told] == [(1, 2), (2, 3)]


async def test_a_help_given_with_the_report_goes_out_with_the_first_handler(
    stage: Stage, people: People
) -> None:
    issue = await people.report(people.clerk, channel="walk_in", category="0503", help=NEED)
    await stage.emitted()
    await people.tell("assign", issue, people.clerk)
    assert kinds(await stage.emitted()) == ["IssueAssigned", "IssueHelpRequested"]
    await people.tell("assign", issue, people.clerk, person="w-3")
    assert kinds(await stage.emitted()) == ["IssueAssigned"]


async def test_a_moment_without_a_zone_is_refused(people: People) -> None:
    issue = await people.issue("in_progress")
    naive = datetime(2026, 3, 10, tzinfo=UTC).replace(tzinfo=None).isoformat()
    answer = await people.tell("suspend", issue, people.leader, until=naive)
    assert answer.status_code == 422
