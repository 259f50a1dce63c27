"""What a unit sees before and after it promised (domain.md §10): no household, no address, no score."""

from datetime import timedelta

from sqlalchemy import select

from services.partners.models import read_log
from services.partners.needs.rules import names_somebody
from shared.auth import Role
from shared.testing import Stage
from tests.partners.actors import GRID, Actors, help_requested, need_form

RECIPIENT = {"ref": "H-0001", "place": "北方苑小区 3-2-501", "addressee": "唐先生"}
SECRETS = (*RECIPIENT.values(), "C-77", "WLD-", GRID + "001")
WHY = {"reason": "Friday's delivery"}


async def test_before_it_promises_a_unit_sees_neither_who_nor_where(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    need = await actors.need(area_code=GRID + "001", recipient=RECIPIENT, consent_id="C-77")
    assert await stage.give(help_requested(stage.clock.now())) == []
    for match in await actors.matches(state="proposed"):
        assert (await unit.get(f"/matches/{match['id']}")).status_code == 404
        await actors.clerk.post(f"/matches/{match['id']}/offer")
    answers = [await unit.get(path) for path in ("/needs", f"/needs/{need['id']}", "/matches", "/pledges")]
    for answer in answers:
        assert answer.status_code == 200
        assert not [secret for secret in SECRETS if secret in answer.text], answer.url
    asked = answers[2].json()[0]
    assert asked.keys().isdisjoint({"score", "reasons", "area_code", "issue_no"})
    assert asked["need"]["public_text"]
    # Asked at nine in the morning, a unit has three days to answer.
    assert asked["answer_by"] == "2027-03-04T01:00:00Z"
    events = " ".join(event.model_dump_json() for event in await stage.emitted())
    assert not [secret for secret in (*RECIPIENT.values(), "C-77") if secret in events]


async def test_a_place_is_told_by_its_grid_only_among_enough_like_cases(actors: Actors) -> None:
    unit = await actors.unit()
    need = await actors.need(area_code=GRID + "001")
    for _ in range(3):
        await actors.need(area_code=GRID + "001")
    assert (await unit.get(f"/needs/{need['id']}")).json()["place"] == "620102014006"
    await actors.need(area_code=GRID + "002")
    assert (await unit.get(f"/needs/{need['id']}")).json()["place"] == GRID
    assert {one["place"] for one in (await unit.get("/needs")).json()} == {GRID}


async def test_a_unit_cannot_find_a_place_by_filtering(actors: Actors) -> None:
    unit = await actors.unit()
    for name, value in (("area", GRID), ("issue_no", "WLD-1"), ("issue_id", "0" * 32)):
        answer = await unit.get("/needs", params={name: value})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == name


async def test_a_need_waits_for_consent_before_units_hear_of_it(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    need = await actors.need(recipient=RECIPIENT)
    assert need["state"] == "consent_pending"
    assert (await unit.get(f"/needs/{need['id']}")).status_code == 404
    assert await actors.matches(need_id=need["id"]) == []
    given = await actors.worker.post(f"/needs/{need['id']}/consent", json={"consent_id": "C-1"})
    assert given.json()["state"] == "published"
    assert len(await actors.matches(need_id=need["id"])) == 1


async def test_after_its_promise_a_unit_is_told_where_to_go_and_that_is_written_down(
    stage: Stage, actors: Actors
) -> None:
    unit, other = await actors.unit(), await actors.unit("PU-OTHER")
    await actors.offer(unit)
    await actors.need(recipient=RECIPIENT, consent_id="C-1")
    pledge = await actors.pledge(unit)
    path = f"/pledges/{pledge['id']}/recipient"
    assert (await other.post(path, json=WHY)).status_code == 404
    assert (await unit.post(path, json={"reason": ""})).status_code == 422
    told = await unit.post(path, json=WHY)
    expected = {"place": RECIPIENT["place"], "addressee": RECIPIENT["addressee"], "until": None}
    assert told.json() == expected
    async with stage.runtime.database.reading() as session:
        (entry,) = (await session.execute(select(read_log))).all()
    assert (entry.reader, entry.subject, entry.reason) == (
        "unit:PU-HTZQ",
        f"need:{pledge['need_id']}",
        WHY["reason"],
    )


async def test_access_ends_a_week_after_the_delivery_and_at_once_without_consent(
    stage: Stage, actors: Actors
) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    need = await actors.need(recipient=RECIPIENT, consent_id="C-1")
    pledge = await actors.pledge(unit)
    path = f"/pledges/{pledge['id']}"
    at = (stage.clock.now() + timedelta(days=1)).isoformat()
    for command, body in (("contact", None), ("schedule", {"at": at}), ("deliver", {"quantity": 1})):
        assert (await unit.post(f"{path}/{command}", json=body)).status_code == 200
    stage.clock.advance(timedelta(days=7))
    told = await unit.post(f"{path}/recipient", json=WHY)
    assert told.json()["until"] == "2027-03-08T01:00:00Z"
    stage.clock.advance(timedelta(seconds=1))
    over = await unit.post(f"{path}/recipient", json=WHY)
    assert (over.status_code, over.json()["type"]) == (403, "urn:sanlian:problem:access-ended")
    assert (await actors.clerk.post(f"{path}/recipient", json=WHY)).status_code == 200
    await actors.clerk.post(f"/needs/{need['id']}/withdraw-consent")
    gone = await actors.clerk.post(f"{path}/recipient", json=WHY)
    assert (gone.status_code, gone.json()["type"]) == (403, "urn:sanlian:problem:consent-missing")


async def test_a_need_of_an_issue_names_no_recipient(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    await stage.give(help_requested(stage.clock.now()))
    pledge = await actors.pledge(unit)
    assert (await unit.post(f"/pledges/{pledge['id']}/recipient", json=WHY)).status_code == 404


async def test_a_worker_sees_the_needs_of_their_own_grid_only(stage: Stage, actors: Actors) -> None:
    need = await actors.need(area_code=GRID + "001")
    neighbour = stage.client(Role.GRID_WORKER, areas=["620102014006002"])
    assert (await actors.worker.get(f"/needs/{need['id']}")).json()["area_code"] == GRID + "001"
    assert (await neighbour.get(f"/needs/{need['id']}")).status_code == 403
    assert (await neighbour.get("/needs")).json() == []
    assert (await neighbour.post("/needs", json=need_form())).status_code == 403
    listed = await actors.worker.get("/needs", params={"area": GRID, "kind": "goods", "state": "published"})
    assert [one["id"] for one in listed.json()] == [need["id"]]


async def test_a_public_text_holds_no_number_that_leads_to_somebody(actors: Actors) -> None:
    answer = await actors.clerk.post("/needs", json=need_form(public_text="联系 138 0000 0000"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "public_text"
    assert names_somebody("身份证 62010219800101123X")
    assert not names_somebody("需要12套米面油，3月15日前，预算2000元")


async def test_a_need_that_cannot_be_is_refused_with_every_fault(actors: Actors) -> None:
    bad = need_form(kind="miracles", needed_by="2027-02-01T00:00:00Z", min_slice=3)
    answer = await actors.clerk.post("/needs", json=bad)
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"kind", "needed_by", "min_slice"}
