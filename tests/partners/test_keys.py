"""API keys: shown once, worthless at once when revoked, and good for the unit's own records only."""

from sqlalchemy import select

from services.partners.units.keys import write_down_uses
from services.partners.units.models import UnitKey
from shared.auth import Role
from shared.testing import Stage
from tests.partners.actors import UNIT, Actors, unit_form


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(stage: Stage, actors: Actors) -> None:
    await actors.clerk.put(f"/units/{UNIT}", json=unit_form())
    made = await actors.clerk.post(f"/units/{UNIT}/keys", json={"label": "仓库"})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    key = made.json()["key"]
    listed = await actors.clerk.get(f"/units/{UNIT}/keys")
    assert [one["label"] for one in listed.json()] == ["仓库"]
    assert key not in listed.text
    async with stage.runtime.database.reading() as session:
        stored = (await session.scalars(select(UnitKey))).one()
    assert key.encode() not in stored.secret_hash
    assert stored.created_by == "620102014006:clerk"


async def test_a_revoked_key_is_refused_from_the_next_request_on(actors: Actors) -> None:
    unit = await actors.unit()
    assert (await unit.get("/offers")).status_code == 200
    key_id = (await actors.clerk.get(f"/units/{UNIT}/keys")).json()[0]["key_id"]
    revoked = await actors.clerk.post(f"/units/{UNIT}/keys/{key_id}/revoke")
    assert revoked.json()["revoked_at"] is not None
    answer = await unit.get("/offers")
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:sanlian:problem:unauthorized"
    assert "revoked" in answer.json()["detail"]
    again = await actors.clerk.post(f"/units/{UNIT}/keys/{key_id}/revoke")
    assert again.json() == revoked.json()


async def test_a_key_with_a_wrong_secret_or_a_wrong_form_is_refused(stage: Stage, actors: Actors) -> None:
    await actors.unit()
    key_id = (await actors.clerk.get(f"/units/{UNIT}/keys")).json()[0]["key_id"]
    for key in (f"slk_{key_id}_{'A' * 43}", f"slk_{'0' * 16}_{'A' * 43}", "slk_nonsense"):
        answer = await stage.client(key=key).get("/offers")
        assert answer.status_code == 401, key
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_when_a_key_was_last_used_is_told_and_written_down(stage: Stage, actors: Actors) -> None:
    unit = await actors.unit()
    await unit.get("/offers")
    used_at = (await actors.clerk.get(f"/units/{UNIT}/keys")).json()[0]["last_used_at"]
    assert used_at == "2027-03-01T01:00:00Z"
    await write_down_uses(stage.host)
    async with stage.runtime.database.reading() as session:
        assert (await session.scalars(select(UnitKey.last_used_at))).one() == stage.clock.now()


async def test_another_units_records_are_not_there(actors: Actors) -> None:
    mine, other = await actors.unit(), await actors.unit("PU-OTHER")
    offer = await actors.offer(mine)
    await actors.need()
    pledge = await actors.pledge(mine)
    paths = [f"/offers/{offer['id']}", f"/pledges/{pledge['id']}", f"/matches/{pledge['match_id']}"]
    for path in (*paths, f"/units/{UNIT}", f"/units/{UNIT}/keys"):
        assert (await mine.get(path)).status_code == 200, path
        assert (await other.get(path)).status_code == 404, path
    for path in ("/offers", "/pledges", "/matches"):
        assert (await other.get(path)).json() == [], path
    for path, command in ((paths[0], "withdraw"), (paths[1], "contact"), (paths[2], "accept")):
        assert (await other.post(f"{path}/{command}")).status_code == 404, path


async def test_a_unit_neither_issues_keys_nor_changes_itself(actors: Actors) -> None:
    unit = await actors.unit()
    assert (await unit.post(f"/units/{UNIT}/keys")).status_code == 403
    assert (await unit.put(f"/units/{UNIT}", json=unit_form())).status_code == 403
    assert (await actors.nobody.get("/offers")).status_code == 401


async def test_a_clerk_of_another_community_makes_no_unit_here(stage: Stage, actors: Actors) -> None:
    await actors.unit()
    stranger = stage.client(Role.COMMUNITY_CLERK, areas=["620102014007"])
    assert (await stranger.put(f"/units/{UNIT}", json=unit_form())).status_code == 403
    moved = await stranger.put(f"/units/{UNIT}", json=unit_form(area_code="620102014007"))
    assert moved.status_code == 403
    assert (await stranger.get(f"/units/{UNIT}")).status_code == 403
    assert (await stranger.get(f"/units/{UNIT}/keys")).status_code == 403
    assert (await stranger.get("/units")).json() == []


async def test_a_key_of_another_unit_cannot_be_revoked_by_guessing(actors: Actors) -> None:
    await actors.unit()
    await actors.unit("PU-OTHER")
    key_id = (await actors.clerk.get("/units/PU-OTHER/keys")).json()[0]["key_id"]
    assert (await actors.clerk.post(f"/units/{UNIT}/keys/{key_id}/revoke")).status_code == 404
