"""Staff of another area who report a matter are its reporter, and no more: role and area count together."""

from typing import Any

import pytest

from shared.testing import Stage
from tests.intake.people import MICRO_GRID, People, located, proposed
from tests.intake.test_families import merged
from tests.intake.test_guards import refused_as

Issue = dict[str, Any]


@pytest.fixture
async def found(stage: Stage, people: People) -> Issue:
    """What the worker of another grid found on the way, and the worker of the place has in hand."""
    issue = await people.report(people.other_worker, channel="grid_patrol", category="0503")
    await stage.give(located(issue, MICRO_GRID), proposed(issue))
    assert (await people.tell("start", issue, people.worker, note="the tenant upstairs did it")).is_success
    return issue


async def test_they_read_what_happened_and_not_what_was_noted(people: People, found: Issue) -> None:
    path = f"/issues/{found['id']}/timeline"
    told = {line["command"]: line for line in (await people.other_worker.get(path)).json()}
    assert (told["start"]["note"], told["start"]["actor"], told["assign"]["data"]) == (None, None, {})
    for colleague in (people.worker, people.clerk):
        noted = {line["command"]: line for line in (await colleague.get(path)).json()}
        assert (noted["start"]["note"], noted["start"]["actor"]) == ("the tenant upstairs did it", "w-1")


async def test_they_do_not_see_who_else_reported_it(people: People, found: Issue) -> None:
    follower = await merged(people, found)
    for who, numbers in ((people.clerk, [follower["no"]]), (people.other_worker, [])):
        family = (await who.get(f"/issues/{found['id']}/family")).json()
        assert [one["no"] for one in family["followers"]] == numbers


async def test_their_photo_shows_the_matter_and_not_the_work(people: People, found: Issue) -> None:
    assert not (await people.add_photo(found, people.other_worker))["by_staff"]
    assert refused_as(await people.tell("resolve", found, people.worker), "evidence-missing")
