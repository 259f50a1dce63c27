"""More time: asked for once and in time, given one level up, and never without bound."""

from datetime import timedelta
from typing import Any

import pytest

from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.intake.people import STREET, People, kinds
from tests.intake.test_guards import refused_as


async def test_the_level_above_gives_the_time_that_was_asked_for(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    asked = await people.tell("ask-extension", issue, people.worker)
    assert asked.json()["due_resolve"] == issue["due_resolve"]
    shown = (await people.clerk.get(f"/issues/{issue['id']}/extension")).json()
    assert (shown["to_level"], shown["due_asked"], shown["granted"]) == (2, "2026-03-09T02:00:00Z", None)
    # A leader of the grid is on the issue's own level.
    assert (await people.tell("decide-extension", issue, people.leader)).status_code == 403
    given = (await people.tell("decide-extension", issue, people.clerk)).json()
    assert given["due_resolve"] == "2026-03-09T02:00:00Z"
    told: Any = await stage.emitted()
    assert kinds(told) == ["IssueExtensionAsked", "IssueExtended"]
    assert (told[0].to_level, told[1].issue.due_resolve) == (2, told[0].until)
    again = await people.tell("decide-extension", issue, people.clerk, granted=False)
    assert refused_as(again, "extension-decided")


async def test_what_was_refused_is_not_asked_again(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    assert (await people.tell("decide-extension", issue, people.clerk)).status_code == 404
    assert (await people.clerk.get(f"/issues/{issue['id']}/extension")).status_code == 404
    await people.tell("ask-extension", issue, people.worker)
    await stage.emitted()
    refused = await people.tell("decide-extension", issue, people.clerk, granted=False)
    assert refused.json()["due_resolve"] == issue["due_resolve"]
    assert kinds(await stage.emitted()) == ["IssueExtensionRefused"]
    assert refused_as(await people.tell("ask-extension", issue, people.worker), "extension-used")


async def test_more_time_is_half_of_the_time_at_most_and_asked_for_before_it_is_over(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    for until in (issue["due_resolve"], "2026-03-09T14:00:01Z"):
        answer = await people.tell("ask-extension", issue, people.worker, until=until)
        assert answer.json()["errors"][0]["field"] == "until"
    stage.clock.advance(timedelta(hours=72))
    answer = await people.tell("ask-extension", issue, people.worker, until="2026-03-09T14:00:00Z")
    assert refused_as(answer, "too-late-to-extend")


@pytest.mark.parametrize(
    ("category", "until", "status"),
    [
        # Renewal has fifteen days from the beginning; a family's dispute has as many, and half of them more.
        ("0504", "2026-03-20T02:00:01Z", 422),
        ("0204", "2026-03-27T14:00:01Z", 422),
        ("0204", "2026-03-27T14:00:00Z", 200),
    ],
)
async def test_all_in_all_an_issue_has_fifteen_days_and_a_dispute_thirty(
    people: People, category: str, until: str, status: int
) -> None:
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, category=category)
    await people.tell("assign", issue, people.clerk, person="w-1")
    assert (await people.tell("ask-extension", issue, people.worker, until=until)).status_code == status


async def test_the_street_decides_for_a_matter_of_the_community(stage: Stage, people: People) -> None:
    issue = await people.report(people.clerk, channel="walk_in", category="0203")
    await people.tell("assign", issue, people.clerk, person="c-9", unit=COMMUNITY)
    async with stage.client(Role.COMMUNITY_CLERK, subject="c-9") as handler:
        until = "2026-03-14T02:00:00Z"
        assert (await people.tell("ask-extension", issue, handler, until=until)).is_success
        assert refused_as(await people.tell("decide-extension", issue, handler), "forbidden", 403)
    assert (await people.tell("decide-extension", issue, people.secretary)).status_code == 403
    async with stage.client(Role.STREET_OFFICER, areas=(STREET,), subject="o-1") as officer:
        given = (await people.tell("decide-extension", issue, officer)).json()
    assert given["due_resolve"] == until


async def test_who_asks_for_time_does_not_give_it(stage: Stage, people: People) -> None:
    issue = await people.issue("assigned")
    async with stage.client(Role.COMMUNITY_CLERK, subject="w-1") as both:
        assert (await people.tell("ask-extension", issue, both)).is_success
        assert refused_as(await people.tell("decide-extension", issue, both), "four-eyes", 403)
