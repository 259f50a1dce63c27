"""The figures of domain.md §8: what each counts, and that keeping count equals counting anew."""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from services.intake.kpis.folding import PROGRESS, SHEETS, SUMS, count_all, fold, keep_count, settled
from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.intake.people import BODIES, GRID, OTHER_GRID, People, located, proposed

END = UUID(int=2**128 - 1)
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
COMMANDS = tuple(name for name in BODIES if name not in {"merge", "request-help"})


async def keep_up(stage: Stage) -> None:
    while True:
        async with stage.host.work() as work:
            if not await fold(work, END, 7):
                return


async def sums(stage: Stage) -> set[Any]:
    async with stage.host.look() as work:
        rows = (await work.session.execute(select(SUMS))).all()
    # A sum that came back to nothing is as good as none.
    return {tuple(row) for row in rows if row.numerator or row.denominator}


async def asked(people: People, **params: Any) -> dict[str, dict[str, tuple[int, int]]]:
    answer = await people.clerk.get("/kpis", params={**MARCH, **params})
    assert answer.status_code == 200, answer.text
    return {
        group["group"]: {kpi["code"]: (kpi["numerator"], kpi["denominator"]) for kpi in group["kpis"]}
        for group in answer.json()
    }


async def test_an_issue_that_goes_its_whole_way_counts_in_each_figure(stage: Stage, people: People) -> None:
    await people.issue("closed")
    await keep_up(stage)
    found = (await asked(people))[""]
    whole = {"K1", "K2", "K4", "K5", "K5b", "K7", "K9", "K11"}
    assert {code for code, both in found.items() if both == (1, 1)} == whole
    assert {code for code, both in found.items() if both == (0, 1)} == {"K4u", "K10", "K22"}
    stage.clock.advance(timedelta(days=8))
    assert (await asked(people))[""]["K3"] == (1, 1)


async def test_a_day_late_or_a_second_late_is_late(stage: Stage, people: People) -> None:
    issue = await people.report()
    due = datetime.fromisoformat(issue["due_accept"])
    stage.clock.advance(due - stage.clock.now() + timedelta(seconds=1))
    await people.tell("accept", issue, people.clerk)
    in_time = await people.report()
    await people.tell("accept", in_time, people.clerk)
    await keep_up(stage)
    assert (await asked(people))[""]["K1"] == (1, 2)


async def test_an_issue_that_is_reopened_counts_as_such_and_what_it_proved_is_taken_back(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("closed")
    await keep_up(stage)
    await people.tell("reopen", issue, people.resident)
    await keep_up(stage)
    found = (await asked(people))[""]
    assert (found["K10"], found["K7"], found["K9"], found["K11"]) == ((1, 1), (0, 0), (0, 0), (1, 1))


async def test_a_merged_matter_counts_once_with_its_master(stage: Stage, people: People) -> None:
    await people.issue("merged")
    await keep_up(stage)
    assert (await asked(people))[""]["K22"] == (0, 1)


async def test_a_hand_up_counts_by_its_acknowledgement_and_a_find_of_ours_as_found(
    stage: Stage, people: People
) -> None:
    await people.report(people.worker, channel="grid_patrol", category="0503")
    issue = await people.issue("escalated")
    (escalation,) = (await people.clerk.get("/escalations", params={"issue_id": issue["id"]})).json()
    await keep_up(stage)
    assert (await asked(people))[""]["K21"] == (0, 1)
    answer = await people.clerk.post(f"/escalations/{escalation['id']}/acknowledge", json={})
    assert answer.is_success, answer.text
    await keep_up(stage)
    found = (await asked(people))[""]
    assert (found["K21"], found["K21r"], found["K22"]) == ((1, 1), (0, 1), (1, 2))


async def test_figures_are_divided_by_place_kind_and_time_within_the_callers_areas(
    stage: Stage, people: People
) -> None:
    await people.issue("closed")
    other = await people.report(people.clerk, category="0104", channel="walk_in")
    await stage.give(located(other, OTHER_GRID), proposed(other, area=OTHER_GRID))
    await keep_up(stage)
    for by, groups in (
        ("grid", {GRID, OTHER_GRID}),
        ("community", {COMMUNITY}),
        ("category", {"0104", "0503"}),
        ("field", {"01", "05"}),
        ("day", {"2026-03-05"}),
        ("month", {"2026-03"}),
    ):
        assert set(await asked(people, by=by)) == groups, by
    assert (await asked(people, area=OTHER_GRID))[""]["K1"] == (1, 1)
    assert (await asked(people, category="05"))[""]["K1"] == (1, 1)
    own = await people.worker.get("/kpis", params={**MARCH, "by": "grid"})
    assert [group["group"] for group in own.json()] == [GRID]
    assert (await people.worker.get("/kpis", params={**MARCH, "area": OTHER_GRID})).status_code == 403
    assert (await people.resident.get("/kpis", params=MARCH)).status_code == 403
    for wrong in ({"to": "2026-02-01"}, {"to": "2030-01-01"}, {"from": "x"}, {"by": "mood"}, {"area": "6"}):
        assert (await people.clerk.get("/kpis", params={**MARCH, **wrong})).status_code == 422, wrong


async def test_few_cases_are_told_as_cases_and_many_as_a_share(stage: Stage, people: People) -> None:
    for number in range(10):
        issue = await people.report()
        if number:
            await people.tell("accept", issue, people.clerk)
    await keep_up(stage)
    answer = (await people.clerk.get("/kpis", params=MARCH)).json()[0]["kpis"]
    shown = {kpi["code"]: kpi["value"] for kpi in answer}
    assert (shown["K1"], shown["K22"], shown["K2"], shown["K6"]) == (0.9, 0.0, None, None)


async def walk(stage: Stage, people: People, chance: random.Random, count_now_and_then: bool) -> None:
    """Give random commands by random people to some issues; most are refused, as they should be."""
    issues = [await people.report(category=None if chance.random() < 0.5 else "0202") for _ in range(4)]
    await stage.give(*(located(issue) for issue in issues))
    by = (people.worker, people.leader, people.clerk, people.secretary, people.resident)
    for _ in range(60):
        issue, command = chance.choice(issues), chance.choice(COMMANDS)
        if command == "resolve":
            files = {"file": ("a.txt", b"%PDF-1.4 done", "application/pdf")}
            await people.worker.post(f"/issues/{issue['id']}/evidence", files=files)
        said: Mapping[str, Any] = {
            "reached": chance.random() < 0.7,
            "solved": True,
            "rating": chance.randint(1, 5),
        }
        answer = await people.tell(
            command, issue, chance.choice(by), **(said if command == "call-back" else {})
        )
        assert answer.status_code < 500, answer.text
        if chance.random() < 0.3:
            await stage.give(located(issue, chance.choice((GRID, OTHER_GRID)), version=chance.randint(2, 9)))
            await stage.give(proposed(issue))
        stage.clock.advance(timedelta(hours=chance.randint(0, 30)))
        if count_now_and_then and chance.random() < 0.3:
            await keep_up(stage)


@pytest.mark.parametrize("seed", range(3))
async def test_keeping_count_comes_to_the_same_as_counting_anew(
    stage: Stage, people: People, seed: int
) -> None:
    await walk(stage, people, random.Random(seed), count_now_and_then=True)
    await keep_up(stage)
    kept = await sums(stage)
    async with stage.host.work() as work:
        for table in (SUMS, SHEETS, PROGRESS):
            await work.session.execute(delete(table))
    await keep_up(stage)
    assert await sums(stage) == kept
    assert len(kept) > 5


async def test_a_line_that_is_met_again_changes_nothing_and_a_wrong_sum_is_put_right(
    stage: Stage, people: People
) -> None:
    for state in ("closed", "escalated", "withdrawn"):
        await people.issue(state)
    await keep_up(stage)
    kept = await sums(stage)
    assert await count_all(stage.host) == (3, 0)
    async with stage.host.work() as work:
        await work.session.execute(PROGRESS.update().values(last_line=UUID(int=0)))
    await keep_up(stage)
    assert await sums(stage) == kept
    async with stage.host.work() as work:
        await work.session.execute(delete(SHEETS))
        await work.session.execute(delete(SUMS))
    assert await count_all(stage.host) == (3, 3)
    assert await sums(stage) == kept


async def test_what_an_open_transaction_may_still_add_is_not_passed_over(stage: Stage) -> None:
    before = datetime.now(UTC)
    async with stage.host.work() as open_one:
        await open_one.session.execute(select(SUMS))
        if not stage.host.database.is_sqlite:
            await asyncio.sleep(0.05)
        async with stage.host.look() as work:
            limit = await settled(work)
    born = datetime.fromtimestamp((limit.int >> 80) / 1000, UTC)
    assert before - timedelta(seconds=20) < born <= datetime.now(UTC) - timedelta(seconds=15)


async def test_the_background_work_counts_what_has_settled(stage: Stage, people: People) -> None:
    await people.report()
    task = asyncio.create_task(keep_count(stage.host))
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    # Its line is younger than the rules ask for.
    assert await sums(stage) == set()
    async with stage.client(Role.COMMUNITY_CLERK) as clerk:
        assert (await clerk.get("/kpis", params=MARCH)).status_code == 200
