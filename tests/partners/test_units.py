"""Member units: who they are, and what happens when one is suspended."""

from datetime import timedelta

from shared.auth import Role
from shared.events.partners import MatchLapsed, UnitChanged, UnitJoined, UnitSuspended
from shared.testing import Stage
from tests.partners.actors import UNIT, Actors, unit_form

WHY = {"reason": "under_inspection"}


async def test_a_unit_joins_when_its_agreement_is_signed(stage: Stage, actors: Actors) -> None:
    made = await actors.clerk.put(f"/units/{UNIT}", json=unit_form(agreement=None))
    assert (made.status_code, made.json()["state"]) == (201, "invited")
    assert made.headers["location"] == f"/partners/v1/units/{UNIT}"
    signed = await actors.clerk.put(f"/units/{UNIT}", json=unit_form())
    assert (signed.status_code, signed.json()["state"]) == (200, "active")
    renamed = await actors.clerk.put(f"/units/{UNIT}", json=unit_form(name="新名"))
    assert renamed.json()["version"] > signed.json()["version"]
    events = await stage.emitted()
    assert [type(event) for event in events] == [UnitChanged, UnitJoined, UnitChanged]
    assert events[-1].snapshot.version == renamed.json()["version"]


async def test_a_stale_version_of_a_unit_changes_nothing(actors: Actors) -> None:
    await actors.unit()
    stale = await actors.clerk.put(f"/units/{UNIT}", json=unit_form(name="旧"), headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert (await actors.clerk.get(f"/units/{UNIT}")).json()["name"] != "旧"


async def test_a_unit_does_not_move_to_another_community(stage: Stage, actors: Actors) -> None:
    await actors.unit()
    street = stage.client(Role.COMMUNITY_CLERK, areas=["620102014"])
    moved = await street.put(f"/units/{UNIT}", json=unit_form(area_code="620102014007"))
    assert moved.status_code == 422
    assert moved.json()["errors"][0]["field"] == "area_code"


async def test_a_suspended_unit_is_asked_for_nothing_until_it_is_reinstated(
    stage: Stage, actors: Actors
) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    need = await actors.need()
    match = (await actors.matches(need_id=need["id"]))[0]
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    await actors.clerk.post(f"/units/{UNIT}/suspend", json=WHY)
    early = await unit.post(f"/matches/{match['id']}/accept")
    assert early.json()["type"] == "urn:sanlian:problem:unit-not-in-force"
    kinds = [type(event) for event in await actors.settle()]
    assert UnitSuspended in kinds
    assert MatchLapsed in kinds
    refused = await unit.post("/offers", json={})
    assert refused.status_code == 422
    await actors.clerk.post(f"/units/{UNIT}/reinstate")
    assert UnitChanged in [type(event) for event in await actors.settle()]
    again = await actors.matches(need_id=need["id"], state="proposed")
    assert [one["unit_code"] for one in again] == [UNIT]


async def test_an_agreement_that_has_run_out_ends_what_may_be_asked(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit(agreement={"signed_on": "2027-01-01", "until": "2027-03-01"})
    offer = await actors.offer(unit)
    stage.clock.advance(timedelta(days=1))
    assert (await actors.need())["hold"] == {"why": "no_offer"}
    refused = await unit.post("/offers", json={**offer_of(offer), "external_ref": "new"})
    assert refused.json()["type"] == "urn:sanlian:problem:unit-not-in-force"


def offer_of(shown: dict[str, object]) -> dict[str, object]:
    return {name: shown[name] for name in ("kind", "title", "measure", "total", "valid_to")}


async def test_units_are_listed_page_by_page(actors: Actors) -> None:
    for code in ("PU-A", "PU-B", "PU-C"):
        await actors.clerk.put(f"/units/{code}", json=unit_form())
    first = await actors.clerk.get("/units", params={"limit": 2, "state": "active"})
    assert [one["code"] for one in first.json()] == ["PU-A", "PU-B"]
    following = first.headers["link"].partition(">")[0].removeprefix("<").removeprefix("/partners/v1")
    assert [one["code"] for one in (await actors.clerk.get(following)).json()] == ["PU-C"]
    # A worker of one grid sees whom the whole community can count on.
    assert len((await actors.worker.get("/units")).json()) == 3
