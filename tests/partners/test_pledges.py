"""Promises: kept, kept in part, taken back, forgotten, disputed."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.partners.matches.lapses import lapse_unanswered, seek_for_waiting
from shared.auth import Role
from shared.events.partners import (
    MatchDeclined,
    MatchLapsed,
    MatchProposed,
    NeedFulfilled,
    OfferPublished,
    PledgeCancelled,
    PledgeNoShow,
)
from shared.testing import Stage
from tests.partners.actors import Actors

WHY = {"reason": "no_capacity"}


async def given(client: httpx.AsyncClient, pledge: dict[str, Any], command: str, body: Any = None) -> Any:
    answer = await client.post(f"/pledges/{pledge['id']}/{command}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def scheduled(actors: Actors, unit: httpx.AsyncClient, *, quantity: int = 7) -> dict[str, Any]:
    await actors.offer(unit)
    await actors.need(quantity=quantity)
    pledge = await actors.pledge(unit)
    await given(unit, pledge, "contact")
    at = actors.stage.clock.now() + timedelta(days=4)
    found: dict[str, Any] = await given(unit, pledge, "schedule", {"at": at.isoformat()})
    return found


async def test_what_is_not_delivered_goes_back_to_the_need_and_to_others(
    stage: Stage, actors: Actors
) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    second = await actors.unit("PU-OTHER")
    await actors.offer(second, total=20)
    assert (await given(unit, pledge, "deliver", {"quantity": 4}))["state"] == "partly_delivered"
    said = await actors.settle()
    proposed = [event.match for event in said if isinstance(event, MatchProposed)][-1]
    assert (proposed.unit_code, proposed.quantity) == ("PU-OTHER", 3)
    need = (await actors.clerk.get(f"/needs/{pledge['need_id']}")).json()
    assert (need["state"], need["open_quantity"]) == ("partly_matched", 3)
    offer = (await unit.get(f"/offers/{pledge['offer_id']}")).json()
    assert (offer["state"], offer["reserved"], offer["free"]) == ("published", 4, 3)
    await given(actors.worker, pledge, "confirm")
    rest = await actors.pledge(second)
    await given(second, rest, "contact")
    at = (stage.clock.now() + timedelta(days=1)).isoformat()
    await given(second, rest, "schedule", {"at": at})
    await given(second, rest, "deliver", {"quantity": 3})
    await given(actors.clerk, rest, "confirm")
    assert [type(event) for event in await actors.settle()].count(NeedFulfilled) == 1
    need = (await actors.clerk.get(f"/needs/{pledge['need_id']}")).json()
    assert (need["state"], need["confirmed_quantity"]) == ("fulfilled", 7)


async def test_the_receiver_signs_for_what_came_and_not_for_more(actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    await given(unit, pledge, "deliver", {"quantity": 7})
    refused = await actors.worker.post(f"/pledges/{pledge['id']}/confirm", json={"received": 8})
    assert refused.status_code == 422
    assert (await unit.post(f"/pledges/{pledge['id']}/confirm")).status_code == 403
    confirmed = await given(actors.worker, pledge, "confirm", {"received": 6})
    assert (confirmed["delivered_quantity"], confirmed["confirmed_by"]) == (
        6,
        "620102014006001:full_time_worker",
    )
    need = (await actors.clerk.get(f"/needs/{pledge['need_id']}")).json()
    assert (need["state"], need["open_quantity"], need["confirmed_quantity"]) == ("partly_matched", 1, 6)


async def test_a_worker_of_another_grid_signs_for_nothing(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    await given(unit, pledge, "deliver", {"quantity": 7})
    neighbour = stage.client(Role.GRID_WORKER, areas=["620102014006002"])
    assert (await neighbour.post(f"/pledges/{pledge['id']}/confirm")).status_code == 403
    assert (await neighbour.get("/pledges")).json() == []
    listed = await actors.worker.get("/pledges", params={"state": "delivered"})
    assert [one["id"] for one in listed.json()] == [pledge["id"]]


async def test_more_than_was_promised_cannot_be_delivered(actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    refused = await unit.post(f"/pledges/{pledge['id']}/deliver", json={"quantity": 8})
    assert refused.json()["errors"][0]["field"] == "quantity"
    past = {"at": "2027-02-28T00:00:00Z"}
    assert (await unit.post(f"/pledges/{pledge['id']}/schedule", json=past)).status_code == 422


async def test_a_promise_taken_back_frees_capacity_and_counts_only_when_late(
    stage: Stage, actors: Actors
) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    early = await given(unit, pledge, "cancel", WHY)
    assert early["state"] == "cancelled"
    said = await actors.settle()
    assert OfferPublished in {type(event) for event in said}
    # The same two do not meet again over the same need; another need may.
    assert await actors.matches(need_id=pledge["need_id"], state="proposed") == []
    other = await actors.need(quantity=7)
    again = await actors.pledge(unit, need_id=other["id"])
    await given(unit, again, "contact")
    at = (stage.clock.now() + timedelta(hours=23)).isoformat()
    await given(unit, again, "schedule", {"at": at})
    assert (await given(unit, again, "cancel", WHY))["state"] == "late_cancel"
    cancelled = [event for event in await actors.settle() if isinstance(event, PledgeCancelled)]
    assert [(event.late, event.reason) for event in cancelled] == [(True, "no_capacity")]
    shown = (await actors.clerk.get("/units/PU-HTZQ")).json()
    assert (shown["late_count"], shown["confirmed_count"]) == (1, 0)


async def test_a_late_cancellation_by_the_community_is_no_fault_of_the_unit(actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    actors.stage.clock.advance(timedelta(days=3, hours=12))
    assert (await given(actors.clerk, pledge, "cancel", WHY))["state"] == "cancelled"
    assert (await actors.clerk.get("/units/PU-HTZQ")).json()["late_count"] == 0


async def test_who_does_not_come_loses_standing_and_their_goods_wait_for_a_look(actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    await given(actors.worker, pledge, "no-show")
    assert PledgeNoShow in {type(event) for event in await actors.settle()}
    offer = (await unit.get(f"/offers/{pledge['offer_id']}")).json()
    assert (offer["state"], offer["free"]) == ("published", 7)
    assert (await actors.offer(unit))["state"] == "submitted"


async def test_a_disputed_delivery_is_decided_by_the_community(actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    await given(unit, pledge, "deliver", {"quantity": 4})
    await given(actors.worker, pledge, "dispute", {"reason": "not_received"})
    await given(actors.clerk, pledge, "no-show")
    need = (await actors.clerk.get(f"/needs/{pledge['need_id']}")).json()
    offer = (await unit.get(f"/offers/{pledge['offer_id']}")).json()
    assert (need["open_quantity"], offer["reserved"]) == (7, 0)


async def test_each_side_rates_once_and_then_the_pledge_is_closed(actors: Actors) -> None:
    unit = await actors.unit()
    pledge = await scheduled(actors, unit)
    await given(unit, pledge, "deliver", {"quantity": 7})
    await given(actors.worker, pledge, "confirm")
    assert (await given(unit, pledge, "rate", {"stars": 5}))["state"] == "rated"
    twice = await unit.post(f"/pledges/{pledge['id']}/rate", json={"stars": 1})
    assert twice.json()["type"] == "urn:sanlian:problem:already-rated"
    closed = await given(actors.clerk, pledge, "rate", {"stars": 4})
    assert (closed["state"], closed["unit_stars"], closed["community_stars"]) == ("closed", 5, 4)


async def test_a_unit_may_promise_less_than_it_was_asked_for(actors: Actors) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    need = await actors.need(quantity=7)
    match = (await actors.matches())[0]
    await actors.clerk.post(f"/matches/{match['id']}/approve")
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    path = f"/matches/{match['id']}/accept"
    assert (await unit.post(path, json={"quantity": 8})).status_code == 422
    pledge = await unit.post(path, json={"quantity": 3})
    assert pledge.headers["location"] == f"/partners/v1/pledges/{pledge.json()['id']}"
    shown = (await actors.clerk.get(f"/needs/{need['id']}")).json()
    assert (shown["state"], shown["open_quantity"]) == ("partly_matched", 4)
    offer = (await unit.get(f"/offers/{match['offer_id']}")).json()
    assert (offer["reserved"], offer["free"]) == (3, 4)


async def test_a_declined_need_is_proposed_to_the_next_best(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    need = await actors.need()
    second = await actors.unit("PU-OTHER")
    await actors.offer(second)
    match = (await actors.matches(need_id=need["id"]))[0]
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    declined = await unit.post(f"/matches/{match['id']}/decline", json=WHY)
    assert (declined.json()["state"], declined.json()["closed_reason"]) == ("declined", "no_capacity")
    assert MatchDeclined in {type(event) for event in await actors.settle()}
    assert [one["unit_code"] for one in await actors.matches(state="proposed")] == ["PU-OTHER"]


async def test_a_question_without_an_answer_lapses_after_three_days(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    await actors.need()
    match = (await actors.matches())[0]
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    for days, lapsed in ((2, 0), (1, 1)):
        stage.clock.advance(timedelta(days=days))
        async with stage.host.work() as work:
            await lapse_unanswered(work)
        said = await actors.settle()
        assert len([event for event in said if isinstance(event, MatchLapsed)]) == lapsed
    assert (await unit.get(f"/matches/{match['id']}")).json()["closed_reason"] == "unanswered"


@pytest.mark.parametrize(("days", "proposals"), [(0, 0), (7, 1)])
async def test_a_need_that_has_waited_is_tried_again_with_more_points(
    sqlite_stage: Stage, days: int, proposals: int
) -> None:
    actors = Actors(sqlite_stage)
    unit = await actors.unit(point=None)
    # 15 time, 15 quantity, 5 distance, 4 urgency, 7 reliability and 7.5 tags make 53.5; a week adds 2.5.
    await actors.offer(unit, tags=["rice_oil"], total=5)
    need = await actors.need(tags=["rice_oil", "a", "b", "c"], urgency="U3", quantity=5)
    assert need["hold"] == {"obstacles": {"score": 1}, "why": "no_offer_fits"}
    sqlite_stage.clock.advance(timedelta(days=days, seconds=1))
    async with sqlite_stage.host.work() as work:
        await seek_for_waiting(work)
    assert len(await actors.matches(need_id=need["id"])) == proposals
