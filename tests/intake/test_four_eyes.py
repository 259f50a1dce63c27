"""Who had a part in the work does not judge it, however the work went from hand to hand."""

import pytest

from shared.auth import Role
from shared.testing import Stage
from tests.intake.people import GRID, People
from tests.intake.test_guards import refused_as
from tests.intake.test_tasks import do, split


@pytest.mark.parametrize("last", ["w-1", "w-2"])
async def test_who_took_the_work_over_and_gave_it_on_does_not_judge_it(
    stage: Stage, people: People, last: str
) -> None:
    issue = await people.issue("in_progress")
    async with stage.client(Role.GRID_WORKER, areas=(GRID,), subject=last) as worker:
        for person in ("l-1", last):
            assert (await people.tell("transfer", issue, people.clerk, person=person)).is_success
        await people.add_photo(issue, worker)
        assert (await people.tell("resolve", issue, worker)).is_success
    for command in ("rework", "verify"):
        assert refused_as(await people.tell(command, issue, people.leader), "four-eyes", 403)
    assert (await people.tell("verify", issue, people.secretary)).is_success


async def test_who_began_a_part_that_another_finished_does_not_judge_the_whole(
    stage: Stage, people: People
) -> None:
    issue, task = await split(people)
    assert (await do(people, "start", task, people.other_worker)).is_success
    assert (await do(people, "give", task, people.leader)).is_success
    for command in ("start", "finish"):
        assert (await do(people, command, task, people.worker)).is_success
    assert (await do(people, "accept", task, people.leader)).is_success
    assert (await people.tell("resolve", issue, people.worker)).is_success
    async with stage.client(Role.COMMUNITY_CLERK, subject="w-9") as began:
        assert refused_as(await people.tell("verify", issue, began), "four-eyes", 403)
    assert (await people.tell("verify", issue, people.leader)).is_success
