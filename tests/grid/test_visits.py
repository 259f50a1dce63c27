"""Visits through the doors and by the clock: due, done, missed, and the next one planned."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.grid.tending import tend_households, tend_once
from services.grid.visits.models import Visit
from shared.auth import Role
from shared.events.grid import RiskSummaryCounted, VisitDone, VisitDue, VisitMissed
from tests.grid.town import EAST, WEST, Town
from tests.patience import PATIENCE_S

RED, YELLOW = ("alone_80plus",), ("alone_60_79",)


async def first_visit(town: Town, *tags: str, code: str = "H-0001") -> dict[str, Any]:
    await town.enter(code, *tags)
    await town.stage.emitted()
    return (await town.visits(code))[0]


async def test_a_visit_that_was_made_plans_the_next_by_colour(town: Town) -> None:
    visit = await first_visit(town, *RED)
    done = await town.worker().post(
        f"/visits/{visit['id']}/done", json={"wellbeing": 2, "has_risk": True, "note": "需要跟进"}
    )
    assert (done.status_code, done.json()["state"], done.json()["ended_by"]) == (
        200,
        "done",
        f"{WEST}:full_time_worker",
    )
    assert "需要跟进" not in done.text
    events = await town.stage.emitted()
    assert [event.has_risk for event in events if isinstance(event, VisitDone)] == [True]
    (following,) = await town.visits("H-0001", state="planned")
    assert following["due_at"] == "2026-03-17T02:00:00Z"


async def test_the_next_day_that_the_visitor_names_counts_where_it_is_earlier(town: Town) -> None:
    visit = await first_visit(town, *YELLOW)
    await town.worker().post(f"/visits/{visit['id']}/done", json={"wellbeing": 3, "next_on": "2026-03-15"})
    (following,) = await town.visits("H-0001", state="planned")
    assert following["due_at"] == "2026-03-15T16:00:00Z"


async def test_a_visit_falls_due_on_its_day_and_is_missed_after_its_grace(town: Town) -> None:
    visit = await first_visit(town, *RED)
    town.stage.clock.advance(timedelta(days=6, hours=20))
    await tend_once(town.stage.host)
    told = [type(event) for event in await town.stage.emitted()]
    assert [kind for kind in told if kind is not RiskSummaryCounted] == [VisitDue]
    town.stage.clock.advance(timedelta(days=1))
    await tend_once(town.stage.host)
    assert (await town.worker().get(f"/visits/{visit['id']}")).json()["state"] == "due"
    town.stage.clock.advance(timedelta(hours=6))
    await tend_once(town.stage.host)
    events = await town.stage.emitted()
    assert [event.in_a_row for event in events if isinstance(event, VisitMissed)] == [1]
    assert (await town.visits("H-0001", state="planned"))[0]["due_at"] == "2026-03-19T04:00:00Z"


async def test_the_clocks_work_goes_on_beside_the_requests(town: Town) -> None:
    visit = await first_visit(town, *RED)
    town.stage.clock.advance(timedelta(days=7))
    beside = asyncio.create_task(tend_households(town.stage.host))
    async with asyncio.timeout(PATIENCE_S):
        due: list[dict[str, Any]] = []
        while not due:
            due = await town.visits("H-0001", state="due")
    assert [one["id"] for one in due] == [visit["id"]]
    beside.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beside


async def test_two_red_visits_missed_in_a_row_hold_the_household_red(town: Town) -> None:
    await first_visit(town, *RED)
    for _ in range(16):
        town.stage.clock.advance(timedelta(days=1))
        await tend_once(town.stage.host)
    missed = [event.in_a_row for event in await town.stage.emitted() if isinstance(event, VisitMissed)]
    assert missed[:2] == [1, 2]
    await town.enter("H-0001")
    answer = await town.clerk.get("/households/H-0001/colour", params={"reason": "复核颜色"})
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["missed_visits"]


async def test_a_missed_visit_may_still_be_made_late(town: Town) -> None:
    visit = await first_visit(town, *RED)
    for _ in range(9):
        town.stage.clock.advance(timedelta(days=1))
        await tend_once(town.stage.host)
    late = await town.worker().post(f"/visits/{visit['id']}/done", json={"wellbeing": 4})
    assert (late.status_code, late.json()["state"]) == (200, "done")


async def test_nobody_at_home_is_tried_again_within_two_days(town: Town) -> None:
    visit = await first_visit(town, *RED)
    path = f"/visits/{visit['id']}"
    tried = await town.worker().post(f"{path}/not-at-home", json={"reason": "敲门无人"})
    assert (tried.json()["state"], tried.json()["due_at"]) == ("attempted", "2026-03-12T02:00:00Z")
    again = await town.worker().post(f"{path}/not-at-home", json={"reason": "敲门无人"})
    assert (again.status_code, again.json()["allowed"]) == (409, ["done", "refuse", "cancel"])


@pytest.mark.parametrize(("command", "state"), [("refuse", "refused"), ("cancel", "cancelled")])
async def test_a_visit_that_comes_to_nothing_is_followed_by_another(
    town: Town, command: str, state: str
) -> None:
    visit = await first_visit(town, *RED)
    path = f"/visits/{visit['id']}/{command}"
    assert (await town.worker().post(path, json={"reason": "不愿接受"})).json()["state"] == state
    refused = await town.worker().post(path, json={"reason": "不愿接受"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, [])
    assert len(await town.visits("H-0001", state="planned")) == 1


async def test_a_call_stands_for_a_visit_every_second_time_and_never_for_red(town: Town) -> None:
    red = await first_visit(town, *RED, code="H-0002")
    call = {"wellbeing": 4, "contact": "phone"}
    refused = await town.worker().post(f"/visits/{red['id']}/done", json=call)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sanlian:problem:call-not-enough")
    yellow = await first_visit(town, *YELLOW)
    assert (await town.worker().post(f"/visits/{yellow['id']}/done", json=call)).status_code == 200
    (following,) = await town.visits("H-0001", state="planned")
    assert (await town.worker().post(f"/visits/{following['id']}/done", json=call)).status_code == 409


async def test_a_visit_is_planned_by_hand_for_a_day_to_come(town: Town) -> None:
    await town.enter("H-0001")
    wish = {"household_code": "H-0001", "purpose": "festival", "due_on": "2026-03-12"}
    made = await town.worker().post("/visits", json=wish)
    assert (made.status_code, made.json()["due_at"]) == (201, "2026-03-12T10:00:00Z")
    assert made.headers["location"] == f"/grid/v1/visits/{made.json()['id']}"
    past = await town.worker().post("/visits", json={**wish, "due_on": "2026-03-09"})
    assert (past.status_code, past.json()["errors"][0]["field"]) == (422, "due_on")
    nobody = await town.worker().post("/visits", json={**wish, "household_code": "H-9999"})
    assert nobody.status_code == 404


async def test_visits_are_listed_by_their_day_and_cut_to_the_callers_areas(town: Town) -> None:
    for code, tags in {"H-0001": YELLOW, "H-0002": RED, "H-0003": ()}.items():
        await town.enter(code, *tags)
    first = await town.worker().get("/visits", params={"limit": 2})
    assert [visit["household_code"] for visit in first.json()] == ["H-0002", "H-0001"]
    following = first.headers["link"].split(">")[0].removeprefix("</grid/v1")
    assert [visit["household_code"] for visit in (await town.worker().get(following)).json()] == ["H-0003"]
    soon = await town.worker().get("/visits", params={"due_by": "2026-03-17"})
    assert [visit["household_code"] for visit in soon.json()] == ["H-0002"]
    assert (await town.worker(EAST).get("/visits")).json() == []
    # The second one is a moment before the year 1, in UTC.
    early = "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgIjAwMDAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd"
    for cursor in ("WyJ4Il0", early):
        answer = await town.worker().get("/visits", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_visits_of_other_areas_and_unknown_ones_are_refused(town: Town) -> None:
    visit = await first_visit(town, *RED)
    for call in ("", "/done"):
        path = f"/visits/{visit['id']}{call}"
        stranger = town.worker(EAST)
        answer = await (stranger.post(path, json={"wellbeing": 3}) if call else stranger.get(path))
        assert answer.status_code == 403
    assert (await town.worker().get(f"/visits/{uuid4()}")).status_code == 404
    assert (await town.worker().post(f"/visits/{uuid4()}/done", json={"wellbeing": 3})).status_code == 404
    assert (await town.worker().post(f"/visits/{visit['id']}/done", json={"wellbeing": 6})).status_code == 422
    stale = await town.worker().post(
        f"/visits/{visit['id']}/done", json={"wellbeing": 3}, headers={"If-Match": '"9"'}
    )
    assert stale.status_code == 412


async def test_a_visit_that_is_told_of_twice_is_made_once(town: Town) -> None:
    visit = await first_visit(town, *RED)
    worker = town.stage.client(Role.GRID_WORKER, areas=(WEST,))
    worker.headers["Idempotency-Key"] = "visit-1"
    answers = [await worker.post(f"/visits/{visit['id']}/done", json={"wellbeing": 3}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    async with town.stage.host.look() as work:
        kept = await work.session.get_one(Visit, UUID(visit["id"]))
    assert kept.version == 2
