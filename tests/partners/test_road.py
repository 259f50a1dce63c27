"""Scenario 5 of domain.md §11: seven sets of grain and oil, from a handler's call to the signatures."""

from datetime import timedelta

import httpx

from shared.events.partners import MatchProposed, NeedFulfilled, OfferExhausted, PledgeConfirmed
from shared.testing import Stage
from tests.partners.actors import Actors, help_requested


async def test_seven_sets_of_grain_and_oil_find_seven_households(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    now = stage.clock.now()
    assert await stage.give(*(help_requested(now) for _ in range(7))) == []
    offer = await actors.offer(unit)
    assert offer["state"] == "published"
    proposed = [event for event in await actors.settle() if isinstance(event, MatchProposed)]
    assert len(proposed) == 7
    assert {event.match.score > 75 for event in proposed} == {True}
    # An eighth household, which nobody can serve; the clerk tries by hand nevertheless.
    eighth = await actors.need()
    by_hand = await actors.clerk.post("/matches", json={"need_id": eighth["id"], "offer_id": offer["id"]})
    assert by_hand.status_code == 201, by_hand.text
    await actors.clerk.post(f"/matches/{by_hand.json()['id']}/offer")
    pledges = [await actors.pledge(unit) for _ in range(7)]
    refused = await unit.post(f"/matches/{by_hand.json()['id']}/accept")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:sanlian:problem:capacity-exhausted"
    said = await actors.settle()
    assert [type(event) for event in said].count(OfferExhausted) == 1
    refused = await unit.post(f"/matches/{by_hand.json()['id']}/accept")
    assert refused.json()["type"] == "urn:sanlian:problem:capacity-exhausted"
    for pledge in pledges:
        await deliver_and_confirm(actors, unit, pledge["id"])
    said = await actors.settle()
    kinds = [type(event) for event in said]
    assert kinds.count(PledgeConfirmed) == kinds.count(NeedFulfilled) == 7
    shown = (await unit.get(f"/offers/{offer['id']}")).json()
    assert (shown["state"], shown["reserved"], shown["free"]) == ("exhausted", 7, 0)


async def deliver_and_confirm(actors: Actors, unit: httpx.AsyncClient, pledge_id: str) -> None:
    at = actors.stage.clock.now() + timedelta(days=4)
    steps = (
        (unit, "contact", None),
        (unit, "schedule", {"at": at.isoformat()}),
        (unit, "deliver", {"quantity": 1}),
        (actors.worker, "confirm", None),
        (unit, "rate", {"stars": 5}),
        (actors.clerk, "rate", {"stars": 4}),
    )
    for client, command, body in steps:
        answer = await client.post(f"/pledges/{pledge_id}/{command}", json=body)
        assert answer.status_code == 200, answer.text
    assert (await unit.get(f"/pledges/{pledge_id}")).json()["state"] == "closed"
