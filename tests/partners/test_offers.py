"""Offers: the door that units come in by."""

from datetime import timedelta
from typing import Any

import pytest

from services.partners.offers.reviews import expire_offers
from shared.auth import Role
from shared.events.partners import MatchLapsed, OfferExpired, OfferPublished, OfferRejected, OfferSubmitted
from shared.testing import Stage
from tests.partners.actors import Actors, offer_form

WHY = {"reason": "not_suitable"}


async def test_goods_of_a_unit_in_good_standing_are_listed_at_once(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await stage.emitted()
    offer = await actors.offer(unit)
    assert (offer["state"], offer["review_due"], offer["free"]) == ("published", None, 7)
    said = await stage.emitted()
    assert [type(event) for event in said] == [OfferSubmitted, OfferPublished]
    assert [event.snapshot.version for event in said] == [2, 3]


@pytest.mark.parametrize(
    "changes",
    [
        {"at_home": True},
        {"with_minors": True},
        {"kind": "medical", "qualifications": ["medical_licence"]},
        {"kind": "money_in_kind"},
        {"tags": ["cooked_food"]},
    ],
)
async def test_what_touches_people_waits_for_a_person(sqlite_stage: Stage, changes: dict[str, Any]) -> None:
    actors = Actors(sqlite_stage)
    offer = await actors.offer(await actors.unit(), **changes)
    assert offer["state"] == "submitted"
    # The end of the third working day after Monday, in Chinese time.
    assert offer["review_due"] == "2027-03-04T16:00:00Z"


async def test_an_offer_without_its_papers_is_sent_back_and_submitted_again(actors: Actors) -> None:
    unit = await actors.unit()
    offer = await actors.offer(unit, kind="transport", measure="ride")
    path = f"/offers/{offer['id']}"
    refused = await actors.clerk.post(f"{path}/publish")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:sanlian:problem:qualification-missing"
    assert "driving_licence, insurance" in refused.json()["detail"]
    await actors.clerk.post(f"{path}/review")
    returned = await actors.clerk.post(f"{path}/needs-changes", json={"reason": "papers_missing"})
    assert returned.json()["review_reason"] == "papers_missing"
    papers = ["driving_licence", "insurance"]
    form = offer_form(actors.stage.clock.now(), kind="transport", measure="ride", qualifications=papers)
    changed = await unit.put(path, json=form, headers={"If-Match": returned.headers["etag"]})
    assert changed.json()["qualifications"] == papers
    assert (await unit.post(f"{path}/submit")).json()["state"] == "submitted"
    assert (await actors.clerk.post(f"{path}/publish")).json()["state"] == "published"


async def test_the_same_offer_sent_again_gives_the_first(stage: Stage, actors: Actors) -> None:
    unit, form = await actors.unit(), offer_form(stage.clock.now(), external_ref="HT-1")
    first = await unit.post("/offers", json=form)
    again = await unit.post("/offers", json=dict(reversed(form.items())))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert again.headers["location"] == f"/partners/v1/offers/{first.json()['id']}"
    other = await unit.post("/offers", json={**form, "total": 8})
    assert other.status_code == 409
    assert other.json()["type"] == "urn:sanlian:problem:external-ref-taken"
    assert first.json()["id"] in other.json()["detail"]
    # Another unit may use the same number.
    assert (await (await actors.unit("PU-OTHER")).post("/offers", json=form)).status_code == 201


async def test_an_idempotency_key_makes_a_repeated_post_one_offer(stage: Stage, actors: Actors) -> None:
    unit, form = await actors.unit(), offer_form(stage.clock.now())
    headers = {"Idempotency-Key": '"7f3a"'}
    first = await unit.post("/offers", json=form, headers=headers)
    again = await unit.post("/offers", json=form, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await unit.get("/offers")).json()) == 1
    other = await unit.post("/offers", json={**form, "total": 8}, headers=headers)
    assert other.json()["type"] == "urn:sanlian:problem:idempotency-key-reused"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total": 0}, "total"),
        ({"kind": "miracles"}, "kind"),
        ({"valid_to": "2027-02-01T00:00:00Z"}, "valid_to"),
        ({"valid_to": "2027-12-01T00:00:00"}, "valid_to"),
        ({"area_code": "620102014007"}, "area_code"),
        ({"titel": "x"}, "titel"),
        ({"tags": [""]}, "tags.0"),
        ({"title": "a\0b"}, "body"),
        ({"valid_to": "9999-12-31T23:59:59-12:00"}, "valid_to"),
        ({"total": 10**30}, "total"),
    ],
)
async def test_bad_input_is_refused_with_the_name_of_the_field(
    sqlite_stage: Stage, changes: dict[str, Any], field: str
) -> None:
    actors = Actors(sqlite_stage)
    unit = await actors.unit()
    form = offer_form(sqlite_stage.clock.now(), **changes)
    answer = await unit.post("/offers", json=form)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_a_filter_or_a_name_that_cannot_be_is_refused(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    paths = (
        "/offers?state=a%00b",
        "/offers?unit=%00",
        "/needs?area=x",
        "/needs?issue_no=%00",
        "/units/PU%00",
    )
    for path in (*paths, "/offers/1", "/offers?limit=0"):
        answer = await unit.get(path)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:sanlian:problem:invalid"), path


async def test_figures_that_contradict_one_another_are_refused(sqlite_stage: Stage) -> None:
    unit, now = await Actors(sqlite_stage).unit(), sqlite_stage.clock.now()
    for changes in ({"min_slice": 8}, {"valid_from": (now + timedelta(days=90)).isoformat()}):
        assert (await unit.post("/offers", json=offer_form(now, **changes))).status_code == 422


async def test_a_command_on_an_old_version_is_refused(actors: Actors) -> None:
    unit = await actors.unit()
    offer = await actors.offer(unit)
    stale = await unit.post(f"/offers/{offer['id']}/withdraw", headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:sanlian:problem:stale-version")
    fresh = {"If-Match": f'"{offer["version"]}"'}
    assert (await unit.post(f"/offers/{offer['id']}/withdraw", headers=fresh)).status_code == 200


async def test_offers_are_listed_newest_first_and_page_by_page(actors: Actors) -> None:
    unit = await actors.unit()
    made = [(await actors.offer(unit, total=number))["id"] for number in range(1, 6)]
    seen: list[str] = []
    path = "/offers?limit=2&state=published&kind=goods"
    while path:
        answer = await unit.get(path)
        seen += [one["id"] for one in answer.json()]
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].removeprefix("<").removeprefix("/partners/v1")
    assert seen == made[::-1]
    for cursor in ("nonsense", "WyJub25zZW5zZSJd"):
        assert (await unit.get("/offers", params={"cursor": cursor})).status_code == 422


async def test_grids_see_what_is_listed_and_clerks_see_all(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    listed, waiting = await actors.offer(unit), await actors.offer(unit, at_home=True)
    assert [one["id"] for one in (await actors.worker.get("/offers")).json()] == [listed["id"]]
    assert (await actors.worker.get(f"/offers/{listed['id']}")).status_code == 200
    assert (await actors.worker.get(f"/offers/{waiting['id']}")).status_code == 404
    assert len((await actors.clerk.get("/offers", params={"unit": "PU-HTZQ"})).json()) == 2
    assert (await actors.clerk.get(f"/offers/{waiting['id']}")).status_code == 200
    stranger = stage.client(Role.COMMUNITY_CLERK, areas=["620102014007"])
    assert (await stranger.get(f"/offers/{listed['id']}")).status_code == 403
    assert (await stranger.get("/offers")).json() == []
    assert (await stranger.post(f"/offers/{listed['id']}/suspend", json=WHY)).status_code == 403
    assert (await actors.worker.post(f"/offers/{listed['id']}/suspend", json=WHY)).status_code == 403


async def test_a_rejected_offer_says_why_by_a_code_and_keeps_the_words_to_itself(
    stage: Stage, actors: Actors
) -> None:
    unit = await actors.unit()
    offer = await actors.offer(unit, at_home=True)
    await stage.emitted()
    form = {"reason": "sales_purpose", "note": "电话 13800000000"}
    rejected = await actors.clerk.post(f"/offers/{offer['id']}/reject", json=form)
    assert rejected.json()["review_note"] == form["note"]
    (event,) = await stage.emitted()
    assert isinstance(event, OfferRejected)
    assert event.reason == "sales_purpose"
    assert "13800000000" not in event.model_dump_json()


@pytest.mark.parametrize("command", ["withdraw", "suspend"])
async def test_an_offer_off_the_list_leaves_its_needs_to_others(
    stage: Stage, actors: Actors, command: str
) -> None:
    first = await actors.unit()
    offer = await actors.offer(first)
    need = await actors.need()
    second = await actors.unit("PU-OTHER")
    await actors.offer(second)
    before = await actors.matches(need_id=need["id"])
    assert [one["unit_code"] for one in before] == ["PU-HTZQ"]
    answer = await actors.clerk.post(f"/offers/{offer['id']}/{command}", json=WHY)
    assert answer.status_code == 200
    lapsed = [event for event in await actors.settle() if isinstance(event, MatchLapsed)]
    assert len(lapsed) == 1
    after = await actors.matches(need_id=need["id"], state="proposed")
    assert [one["unit_code"] for one in after] == ["PU-OTHER"]


async def test_an_offer_whose_time_is_over_expires(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    offer = await actors.offer(unit)
    await actors.need()
    stage.clock.advance(timedelta(days=61))
    async with stage.host.work() as work:
        await expire_offers(work)
    kinds = [type(event) for event in await actors.settle()]
    assert kinds.count(OfferExpired) == kinds.count(MatchLapsed) == 1
    assert (await unit.get(f"/offers/{offer['id']}")).json()["state"] == "expired"
