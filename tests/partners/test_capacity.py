"""What is promised never exceeds what is there, however many say yes at the same moment."""

import asyncio
from collections import Counter

from services.partners.clocks import STEPS
from shared.events.partners import MatchProposed
from shared.testing import Stage
from tests.partners.actors import Actors

CAPACITY = "urn:sanlian:problem:capacity-exhausted"


async def asked_by_hand(actors: Actors, offer: dict[str, str], needs: int) -> list[str]:
    """Ask the unit for more than it has: the engine would not, a clerk may."""
    matches = []
    for _ in range(needs):
        need = await actors.need()
        form = {"need_id": need["id"], "offer_id": offer["id"]}
        made = await actors.clerk.post("/matches", json=form)
        # The engine was first where something was left; its match is as good.
        found = made.json() if made.status_code == 201 else (await actors.matches(need_id=need["id"]))[0]
        assert (await actors.clerk.post(f"/matches/{found['id']}/offer")).status_code == 200
        matches.append(found["id"])
    return matches


async def test_of_twenty_who_accept_at_once_seven_are_served(postgres_stage: Stage) -> None:
    actors = Actors(postgres_stage)
    unit = await actors.unit()
    offer = await actors.offer(unit)
    matches = await asked_by_hand(actors, offer, 20)
    answers = await asyncio.gather(*(unit.post(f"/matches/{match}/accept") for match in matches))
    assert Counter(answer.status_code for answer in answers) == {201: 7, 409: 13}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {CAPACITY}
    shown = (await unit.get(f"/offers/{offer['id']}")).json()
    assert (shown["reserved"], shown["total"], shown["state"]) == (7, 7, "exhausted")
    await actors.settle()
    assert Counter(one["state"] for one in await actors.matches()) == {"accepted": 7, "lapsed": 13}


async def test_one_need_is_not_promised_twice_by_two_units_at_once(postgres_stage: Stage) -> None:
    actors = Actors(postgres_stage)
    need = await actors.need()
    units = {code: await actors.unit(code) for code in ("PU-A", "PU-B")}
    matches = {}
    for code, unit in units.items():
        offer = await actors.offer(unit, measure="set")
        form = {"need_id": need["id"], "offer_id": offer["id"]}
        made = await actors.clerk.post("/matches", json=form)
        found = made.json() if made.status_code == 201 else (await actors.matches(offer_id=offer["id"]))[0]
        await actors.clerk.post(f"/matches/{found['id']}/offer")
        matches[code] = found["id"]
    answers = await asyncio.gather(
        *(units[code].post(f"/matches/{match}/accept") for code, match in matches.items())
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "urn:sanlian:problem:need-covered"


async def test_a_retried_acceptance_makes_one_pledge(postgres_stage: Stage) -> None:
    actors = Actors(postgres_stage)
    unit = await actors.unit()
    await actors.offer(unit)
    await actors.need()
    match = (await actors.matches())[0]
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    headers = {"Idempotency-Key": '"accept-1"'}
    path = f"/matches/{match['id']}/accept"
    answers = await asyncio.gather(*(unit.post(path, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len((await unit.get("/pledges")).json()) == 1
    assert (await unit.post(path, headers=headers)).status_code == 201


async def test_a_match_by_hand_obeys_the_hard_rules(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    offer = await actors.offer(unit, total=2)
    boxes = await actors.need(measure="box")
    form = {"need_id": boxes["id"], "offer_id": offer["id"]}
    refused = await actors.clerk.post("/matches", json=form)
    assert refused.json()["type"] == "urn:sanlian:problem:not-compatible"
    assert "measure" in refused.json()["detail"]
    sets = await actors.need(quantity=2, tags=["winter_coat"], urgency="U3")
    form = {"need_id": sets["id"], "offer_id": offer["id"]}
    for quantity, name in ((3, CAPACITY), (2, None), (2, "urn:sanlian:problem:already-matched")):
        answer = await actors.clerk.post("/matches", json={**form, "quantity": quantity})
        assert answer.json().get("type") == name, answer.text
    by_hand = (await actors.matches(need_id=sets["id"]))[0]
    assert (by_hand["band"], by_hand["state"]) == ("manual", "community_ok")
    assert (await actors.worker.post("/matches", json=form)).status_code == 403
    await actors.clerk.post(f"/matches/{by_hand['id']}/offer")
    await unit.post(f"/matches/{by_hand['id']}/accept")
    one_more = await actors.need()
    form = {"need_id": one_more["id"], "offer_id": offer["id"]}
    assert (await actors.clerk.post("/matches", json=form)).json()["type"] == CAPACITY
    await actors.clerk.post(f"/needs/{one_more['id']}/withdraw", json={"reason": "solved"})
    gone = await actors.clerk.post("/matches", json=form)
    assert gone.json()["type"] == "urn:sanlian:problem:need-covered"


async def test_what_the_clock_does_changes_nothing_where_nothing_is_due(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    offer = await actors.offer(unit)
    await actors.need()
    await actors.settle()
    for step in STEPS:
        async with stage.host.work() as work:
            await step(work)
    assert await stage.emitted() == []
    assert (await unit.get(f"/offers/{offer['id']}")).json() == offer


async def test_with_auto_offer_a_good_match_is_put_before_the_unit_at_once(stage: Stage) -> None:
    from services.partners.settings import Terms

    actors, terms = Actors(stage), stage.host.parts[Terms]
    assert isinstance(terms, Terms)
    eager = terms.rules.model_copy(update={"auto_offer": True})
    stage.host.parts[Terms] = Terms(eager, terms.kinds, terms.places)
    unit = await actors.unit()
    await actors.offer(unit)
    await actors.need()
    (asked,) = (await unit.get("/matches")).json()
    assert asked["state"] == "offered"
    versions = [event.snapshot.version for event in await stage.emitted() if event.about == "match"]
    assert versions == [1, 2]
    assert MatchProposed.about == "match"
