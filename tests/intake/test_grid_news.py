"""What grid tells: places and handlers, however often and in whatever order it comes."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.events import Event
from shared.testing import Stage
from tests.intake.people import GRID, MICRO_GRID, NEED, OTHER_GRID, People, kinds, located, proposed

STAFF_REPORT: dict[str, Any] = {"category": "0503", "help": NEED}


async def settled(people: People, issue: dict[str, Any]) -> tuple[Any, ...]:
    """What must be the same in the end."""
    after = await people.look(issue)
    names = ("state", "version", "area_code", "handler", "assignment_round", "help_no")
    return tuple(str(after[name]) for name in names)


async def test_a_place_moves_the_issue_and_is_no_new_version_of_it(stage: Stage, people: People) -> None:
    issue = await people.report()
    await stage.emitted()
    assert await stage.give(located(issue)) == []
    after = await people.look(issue)
    assert (after["area_code"], after["version"]) == (MICRO_GRID, 1)
    assert await stage.emitted() == []


async def test_an_older_place_changes_nothing(stage: Stage, people: People) -> None:
    issue = await people.report()
    await stage.give(located(issue, OTHER_GRID, version=2))
    await stage.give(located(issue, GRID, version=1))
    assert (await people.look(issue))["area_code"] == OTHER_GRID


async def test_a_place_set_by_hand_is_kept(stage: Stage, people: People) -> None:
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, area_code=OTHER_GRID)
    await stage.give(located(issue), proposed(issue))
    after = await people.look(issue)
    assert (after["area_code"], after["state"]) == (OTHER_GRID, "assigned")


async def test_a_proposal_names_the_handler_and_asks_for_the_help_that_was_waiting(
    stage: Stage, people: People
) -> None:
    issue = await people.report(people.worker, **STAFF_REPORT)
    await stage.emitted()
    await stage.give(located(issue), proposed(issue))
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["IssueAssigned", "IssueHelpRequested"]
    assert [one.issue.version for one in told] == [3, 4]
    assert told[0].issue.area_code == MICRO_GRID
    assert (told[1].help.no, told[1].help.kind, told[1].help.quantity) == (1, "goods", 2)
    assert (await people.steps(issue))[-2:] == ["assign", "request-help"]


async def test_a_proposal_without_a_handler_leaves_it_to_the_community(stage: Stage, people: People) -> None:
    issue = await people.report(people.worker, **STAFF_REPORT)
    await stage.give(proposed(issue, None))
    assert (await people.look(issue))["state"] == "accepted"
    assert "leave-to-community" in await people.steps(issue)


async def test_a_proposal_of_another_round_or_for_another_state_is_ignored(
    stage: Stage, people: People
) -> None:
    issue = await people.report(people.worker, **STAFF_REPORT)
    await stage.give(proposed(issue, round=1))
    assert (await people.look(issue))["state"] == "accepted"
    started = await people.issue("in_progress")
    await stage.emitted()
    await stage.give(proposed(started, "w-7"))
    assert (await people.look(started))["handler"]["person"] == "w-1"
    assert await stage.emitted() == []


async def test_two_proposals_of_one_round_name_one_handler(stage: Stage, people: People) -> None:
    issue = await people.report(people.worker, **STAFF_REPORT)
    await stage.emitted()
    await stage.give(proposed(issue, "w-1"), proposed(issue, "w-2"))
    assert (await people.look(issue))["handler"]["person"] == "w-1"
    assert kinds(await stage.emitted()) == ["IssueAssigned", "IssueHelpRequested"]


async def test_every_order_of_the_same_news_ends_alike(stage: Stage, people: People) -> None:
    ends, told = set(), set()
    for order in permutations(range(4)):
        issue = await people.report(people.worker, **STAFF_REPORT)
        news: list[Event] = [
            located(issue, GRID, version=1),
            located(issue, version=2),
            proposed(issue, None, round=1),
            proposed(issue),
        ]
        await stage.emitted()
        for index in order:
            envelope = stage.enveloped(news[index])
            assert await stage.give(envelope) == []
            assert await stage.give(envelope, envelope) == []
        ends.add(await settled(people, issue))
        told.add(tuple(kinds(await stage.emitted())))
    assert len(ends) == 1
    assert told == {("IssueAssigned", "IssueHelpRequested")}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_batches_of_many_issues_in_any_order_assign_each_once(
    stage: Stage, people: People, data: st.DataObject
) -> None:
    issues = [await people.report(people.worker, **STAFF_REPORT) for _ in range(3)]
    news = [stage.enveloped(event) for issue in issues for event in (located(issue), proposed(issue))]
    doubled = data.draw(st.permutations(news + news))
    cut = data.draw(st.integers(min_value=0, max_value=len(doubled)))
    await stage.emitted()
    for batch in (doubled[:cut], doubled[cut:]):
        assert await stage.give(*batch) == []
    told = kinds(await stage.emitted())
    assert (told.count("IssueAssigned"), told.count("IssueHelpRequested")) == (3, 3)
    assert len({await settled(people, issue) for issue in issues}) == 1


async def test_news_of_an_issue_that_is_not_here_climbs_the_ladder_alone(
    stage: Stage, people: People
) -> None:
    issue, unknown = await people.report(), {"id": str(uuid4())}
    failures = await stage.give(located(issue), located(unknown))
    assert [failure.poison for failure in failures] == [False]
    assert (await people.look(issue))["area_code"] == MICRO_GRID


async def test_a_clerk_and_a_proposal_at_once_leave_one_of_the_two(stage: Stage, people: People) -> None:
    for _ in range(5):
        issue = await people.report(people.worker, **STAFF_REPORT)
        await stage.emitted()
        await asyncio.gather(people.tell("assign", issue, people.clerk), stage.give(proposed(issue)))
        after, told = await people.look(issue), kinds(await stage.emitted())
        assert after["state"] == "assigned"
        assert told.count("IssueHelpRequested") == 1
        assert after["version"] == 2 + len(told)
