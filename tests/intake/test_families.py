"""Several reports of one matter: one stands for all, each reporter is told, and it can be undone."""

import asyncio
from datetime import timedelta
from typing import Any

from shared.testing import Stage
from tests.intake.people import People, kinds, proposed
from tests.intake.test_guards import refused_as

PHONE = {"channel": "phone", "reporter": {"phone": "13912345678"}}
UNREACHED: dict[str, Any] = {"reached": False, "solved": None, "rating": None}


async def merged(people: People, master: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Another report of the same matter, by the neighbour or by phone, merged into the master."""
    follower = await people.report(people.clerk if said else people.neighbour, **said)
    answer = await people.tell("merge", follower, people.clerk, master_id=master["id"])
    assert answer.is_success, answer.text
    return {**follower, **answer.json()}


async def verified(people: People) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A master that is verified, with a follower who has an account and one who called."""
    master = await people.issue("in_progress")
    followers = await merged(people, master), await merged(people, master, **PHONE)
    await people.add_photo(master)
    for command, who in (("resolve", people.worker), ("verify", people.leader)):
        assert (await people.tell(command, master, who)).is_success
    return master, *followers


async def test_a_matter_is_closed_when_everybody_who_reported_it_was_asked(
    stage: Stage, people: People
) -> None:
    master, neighbour, caller = await verified(people)
    await stage.emitted()
    assert (await people.tell("call-back", master, people.clerk)).json()["state"] == "verified"
    assert (await people.tell("call-back", neighbour, people.clerk, rating=4)).json()["state"] == "merged"
    assert await stage.emitted() == []
    assert (await people.tell("call-back", caller, people.clerk)).is_success
    told: Any = await stage.emitted()
    assert kinds(told) == ["IssueClosed"]
    assert (told[0].issue.no, told[0].reached, told[0].rating) == (master["no"], True, 5)
    assert (await people.look(neighbour))["state"] == "merged"


async def test_three_clerks_who_call_at_the_same_time_close_it_once(stage: Stage, people: People) -> None:
    family = await verified(people)
    await stage.emitted()
    answers = await asyncio.gather(*(people.tell("call-back", issue, people.clerk) for issue in family))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert kinds(await stage.emitted()) == ["IssueClosed"]


async def test_who_cannot_be_reached_holds_up_the_closing_for_three_tries_on_two_days(
    stage: Stage, people: People
) -> None:
    master, neighbour, caller = await verified(people)
    for issue in (master, neighbour):
        assert (await people.tell("call-back", issue, people.clerk)).is_success
    for _ in range(2):
        assert (await people.tell("call-back", caller, people.clerk, **UNREACHED)).is_success
    assert (await people.look(master))["state"] == "verified"
    stage.clock.advance(timedelta(days=1))
    assert (await people.tell("call-back", caller, people.clerk, **UNREACHED)).is_success
    assert (await people.look(master))["state"] == "closed"


async def test_one_reporter_for_whom_it_is_not_solved_reopens_it_for_all(people: People) -> None:
    master, neighbour, _ = await verified(people)
    assert (await people.tell("call-back", master, people.clerk)).is_success
    assert (await people.tell("call-back", neighbour, people.clerk, solved=False)).is_success
    after = await people.look(master)
    assert (after["state"], after["reopen_count"]) == ("assigned", 1)
    lines = (await people.clerk.get(f"/issues/{master['id']}/timeline")).json()
    assert lines[-1]["data"] == {"follower": neighbour["no"]}


async def test_nobody_is_called_back_before_the_work_was_verified(people: People) -> None:
    master = await people.issue("in_progress")
    follower = await merged(people, master)
    answer = await people.tell("call-back", follower, people.clerk)
    assert refused_as(answer, "illegal-transition")
    assert answer.json()["allowed"] == ["unmerge"]
    assert refused_as(await people.tell("reopen", follower, people.neighbour), "reopen-too-late")


async def test_who_reported_a_merged_matter_follows_its_master_and_may_bring_it_back(
    people: People,
) -> None:
    master, neighbour, caller = await verified(people)
    for issue in (master, neighbour, caller):
        await people.tell("call-back", issue, people.clerk)
    tracked = (await people.nobody.get(f"/track/{caller['no']}?code={caller['track_code']}")).json()
    assert tracked["state"] == "closed"
    assert [step["state"] for step in tracked["steps"]][-4:] == ["merged", "resolved", "verified", "closed"]
    own = (await people.neighbour.get(f"/issues/{neighbour['id']}/timeline")).json()
    assert (own[-1]["to_state"], own[-1]["actor"], own[-1]["data"]) == ("closed", None, {})
    family = (await people.neighbour.get(f"/issues/{neighbour['id']}/family")).json()
    assert (family["master"]["no"], family["followers"]) == (master["no"], [])
    assert (await people.neighbour.get(f"/issues/{master['id']}/family")).status_code == 403
    assert (await people.tell("reopen", neighbour, people.neighbour)).json()["state"] == "merged"
    assert (await people.look(master))["state"] == "assigned"


async def test_a_merging_is_undone_and_the_matter_stands_where_it_stood(stage: Stage, people: People) -> None:
    master, follower = await people.issue("in_progress"), await people.issue("accepted")
    await people.tell("merge", follower, people.clerk, master_id=master["id"])
    # What grid proposes meanwhile comes too late, and the round is another one then.
    assert await stage.give(proposed(follower)) == []
    await stage.emitted()
    after = (await people.tell("unmerge", follower, people.clerk)).json()
    assert (after["state"], after["parent_id"], after["assignment_round"]) == ("accepted", None, 1)
    assert after["due_resolve"] == follower["due_resolve"]
    told: Any = await stage.emitted()
    assert kinds(told) == ["IssueUnmerged"]
    assert str(told[0].master_id) == master["id"]
    await stage.give(proposed(follower, round=1))
    assert (await people.look(follower))["state"] == "assigned"


async def test_what_follows_a_matter_goes_along_when_that_is_merged_too(stage: Stage, people: People) -> None:
    first, second = await people.report(), await people.report()
    follower = await merged(people, first)
    await stage.emitted()
    assert (await people.tell("merge", first, people.clerk, master_id=second["id"])).is_success
    assert kinds(await stage.emitted()) == ["IssueMerged", "IssueMerged"]
    assert (await people.look(follower))["parent_id"] == second["id"]
    family = (await people.clerk.get(f"/issues/{second['id']}/family")).json()
    assert [one["no"] for one in family["followers"]] == [first["no"], follower["no"]]
    after = (await people.tell("unmerge", follower, people.clerk)).json()
    assert (after["state"], after["parent_id"]) == ("reported", None)


async def test_a_matter_that_others_reported_too_stays_open_when_one_takes_it_back(
    stage: Stage, people: People
) -> None:
    master = await people.issue("assigned")
    await merged(people, master)
    await stage.emitted()
    assert (await people.tell("withdraw", master, people.resident)).json()["state"] == "assigned"
    told: Any = await stage.emitted()
    assert (kinds(told), told[0].issue.channel) == (["IssueKeptOpen"], master["channel"])


async def test_a_matter_is_merged_only_into_one_that_there_is(people: People) -> None:
    unknown = {"master_id": "00000000-0000-7000-8000-000000000000"}
    answer = await people.tell("merge", await people.report(), people.clerk, **unknown)
    assert answer.status_code == 404
