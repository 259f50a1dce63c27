"""What is reopened again and again: red, the community's, and the secretary's to look at (domain.md §2.1)."""

from typing import Any

import httpx

from tests.intake.people import People
from tests.intake.test_guards import refused_as

Issue = dict[str, Any]


async def done_again(people: People, issue: Issue, by: httpx.AsyncClient) -> None:
    """The handler works on it anew, and shows it."""
    await people.add_photo(issue, by)
    for command in ("start", "resolve"):
        assert (await people.tell(command, issue, by)).is_success


async def twice_reopened(people: People, by: httpx.AsyncClient) -> Issue:
    issue = await people.issue("closed")
    for first in (True, False):
        assert (await people.tell("reopen", issue, people.resident)).is_success
        if first:
            await done_again(people, issue, people.worker)
            assert (await people.tell("verify", issue, people.leader)).is_success
            assert (await people.tell("call-back", issue, people.clerk)).is_success
    if by is not people.worker:
        assert (await people.tell("assign", issue, people.clerk, person="s-1")).is_success
    await done_again(people, issue, by)
    return issue


async def test_after_the_second_time_only_the_secretary_finds_it_done(people: People) -> None:
    issue = await twice_reopened(people, people.worker)
    seen = await people.look(issue)
    assert (seen["colour"], seen["level"], seen["reopen_count"]) == ("red", 2, 2)
    for who in (people.leader, people.clerk):
        refused = await people.tell("verify", issue, who)
        assert refused_as(refused, "forbidden", 403)
        assert "secretary" in refused.json()["detail"]
    assert (await people.tell("verify", issue, people.secretary)).is_success
    assert (await people.tell("call-back", issue, people.clerk)).json()["state"] == "closed"


async def test_where_the_secretary_did_the_work_the_office_looks_at_it(people: People) -> None:
    issue = await twice_reopened(people, people.secretary)
    assert refused_as(await people.tell("verify", issue, people.secretary), "four-eyes", 403)
    assert (await people.tell("verify", issue, people.leader)).status_code == 403
    assert (await people.tell("verify", issue, people.clerk)).is_success
