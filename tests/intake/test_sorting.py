"""Sorting a matter anew, giving it to another, and complaints that their subject must not handle."""

from datetime import timedelta
from typing import Any

from shared.auth import Role
from shared.testing import Stage
from tests.intake.people import GRID, People, kinds, located, proposed
from tests.intake.test_guards import refused_as


async def test_a_matter_sorted_anew_is_due_by_its_new_kind_from_its_acceptance_on(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    stage.clock.advance(timedelta(hours=5))
    after = (await people.tell("recategorise", issue, people.clerk)).json()
    assert (after["category"], after["urgency"]) == ("0502", "U1")
    assert (after["due_resolve"], after["handler"]["person"]) == ("2026-03-06T02:00:00Z", "w-1")
    told: Any = await stage.emitted()
    assert kinds(told) == ["IssueRecategorised"]
    assert (told[0].from_category, told[0].from_urgency) == ("0503", "U2")
    again = await people.tell("recategorise", issue, people.clerk)
    assert again.json()["errors"][0]["field"] == "category"


async def test_waits_and_given_time_survive_the_sorting(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await people.tell("ask-extension", issue, people.worker)
    await people.tell("decide-extension", issue, people.clerk)
    await people.tell("suspend", issue, people.leader)
    stage.clock.advance(timedelta(days=2))
    await people.tell("resume", issue, people.worker)
    after = (await people.tell("recategorise", issue, people.clerk)).json()
    # 24 hours from acceptance, 2 days of waiting, 24 hours that were given.
    assert after["due_resolve"] == "2026-03-09T02:00:00Z"


async def test_what_turns_out_an_emergency_is_told_to_the_street(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    said = {"category": "0101", "emergency": {"place": "北方苑小区", "called": "119"}}
    after = (await people.tell("recategorise", issue, people.clerk, **said)).json()
    assert (after["urgency"], after["colour"], after["level"]) == ("U0", "red", 2)
    assert kinds(await stage.emitted()) == ["IssueRecategorised", "EmergencyReportFiled", "EscalationSent"]


async def test_nothing_is_sorted_into_the_rest(people: People) -> None:
    issue = await people.issue("in_progress")
    for category in ("99", "0999"):
        answer = await people.tell("recategorise", issue, people.clerk, category=category)
        assert answer.json()["errors"][0]["field"] == "category"


async def test_another_takes_the_work_over_and_the_first_one_does_not_judge_it(people: People) -> None:
    issue = await people.issue("in_progress")
    await people.tell("transfer", issue, people.leader, person="l-1")
    assert (await people.tell("resolve", issue, people.worker)).status_code == 403
    assert refused_as(await people.tell("transfer", issue, people.clerk, person="l-1"), "same-handler")
    await people.add_photo(issue)
    assert (await people.tell("resolve", issue, people.leader)).is_success
    assert refused_as(await people.tell("verify", issue, people.leader), "four-eyes", 403)
    both = people.stage.client(Role.GRID_LEADER, areas=(GRID,), subject="w-1")
    assert refused_as(await people.tell("verify", issue, both), "four-eyes", 403)
    await both.aclose()
    assert (await people.tell("verify", issue, people.clerk)).is_success


async def test_who_is_complained_about_neither_handles_nor_judges_the_complaint(
    stage: Stage, people: People
) -> None:
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, category="1003", against="l-1")
    await stage.give(located(issue), proposed(issue, person="l-1"))
    assert (await people.look(issue))["state"] == "accepted"
    assert (await people.steps(issue))[-1] == "leave-to-community"
    assert refused_as(await people.tell("assign", issue, people.clerk, person="l-1"), "about-themselves")
    await people.tell("assign", issue, people.clerk, person="w-1")
    await people.tell("start", issue, people.worker)
    await people.add_photo(issue)
    await people.tell("resolve", issue, people.worker)
    assert refused_as(await people.tell("verify", issue, people.leader), "forbidden", 403)
