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


async def test_a_complaint_is_not_merged_into_what_the_accused_works_on(people: People) -> None:
    master = await people.issue("in_progress")
    complaint = await people.report(people.neighbour)
    said = {"category": "1003", "against": "w-1"}
    assert (await people.tell("accept", complaint, people.clerk, **said)).is_success
    refused = await people.tell("merge", complaint, people.clerk, master_id=master["id"])
    assert refused_as(refused, "unfit-master")


async def test_whom_a_complaint_is_about_reads_no_report_that_was_merged_into_it(people: People) -> None:
    complaint, other = await people.report(), await people.report(people.neighbour)
    said = {"category": "1003", "against": "c-2"}
    assert (await people.tell("accept", complaint, people.clerk, **said)).is_success
    assert (await people.tell("merge", other, people.clerk, master_id=complaint["id"])).is_success
    async with people.stage.client(Role.COMMUNITY_CLERK, subject="c-2") as accused:
        for issue in (complaint, other):
            assert (await accused.get(f"/issues/{issue['id']}")).status_code == 403
        assert (await accused.get("/issues")).json() == []
        assert (await people.tell("unmerge", other, people.clerk)).is_success
        assert [one["id"] for one in (await accused.get("/issues")).json()] == [other["id"]]
