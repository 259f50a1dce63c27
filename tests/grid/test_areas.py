"""The area tree, the compounds and the force over HTTP."""

import asyncio
from typing import Any

import pytest

from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.grid.town import COMPOUND, EAST, WEST, Town, put, rectangle


async def test_an_area_is_drawn_read_back_and_found_again(town: Town) -> None:
    code, shape = f"{COMMUNITY}009", rectangle(103.95, 36.05, 0.01, 0.01)
    body = {"name": "第九网格", "level": 1, "layout": "田", "households": 412, "polygon": shape}
    made = await town.secretary.put(f"/areas/{code}", json=body)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.headers["location"] == f"/grid/v1/areas/{code}"
    read = await town.clerk.get(f"/areas/{code}")
    assert read.json() == made.json()
    assert (read.json()["parent_code"], read.json()["polygon"]) == (COMMUNITY, shape)
    found = await town.clerk.get("/locate", params={"longitude": 103.955, "latitude": 36.055})
    assert (found.json()["area_code"], found.json()["method"]) == (code, "point")


async def test_the_same_drawing_again_changes_nothing_and_another_raises_the_version(town: Town) -> None:
    path, body = f"/areas/{WEST}", {"name": WEST, "polygon": rectangle(103.88, 36.05, 0.01, 0.01)}
    same = await town.secretary.put(path, json=body)
    assert (same.status_code, same.headers["etag"]) == (200, '"1"')
    other = await town.secretary.put(path, json={**body, "name": "第一网格"}, headers={"If-Match": '"1"'})
    assert (other.status_code, other.headers["etag"]) == (200, '"2"')
    stale = await town.secretary.put(path, json=body, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:sanlian:problem:stale-version")


RING = [[0, 0], [1, 0], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    ("code", "body", "field"),
    [
        (WEST, {"name": ""}, "name"),
        (WEST, {"name": "x", "households": -1}, "households"),
        (WEST, {"name": "x", "level": 0}, "level"),
        ("6201x", {"name": "x"}, "code"),
        (WEST, {"name": "x", "polygon": {"type": "Point", "coordinates": [0, 0]}}, "polygon"),
        (WEST, {"name": "x", "polygon": {"type": "Polygon", "coordinates": [RING[:3]]}}, "polygon"),
        (
            WEST,
            {"name": "x", "polygon": {"type": "Polygon", "coordinates": [[*RING[:3], [0, 91]]]}},
            "polygon",
        ),
        (
            WEST,
            {"name": "x", "polygon": {"type": "Polygon", "coordinates": [[*RING[:3], [0, 1]]]}},
            "polygon",
        ),
        (WEST, {"name": "x", "polygon": {"type": "Polygon", "coordinates": [[RING[0]] * 4]}}, "polygon"),
        (
            WEST,
            {
                "name": "x",
                "polygon": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
            },
            "polygon",
        ),
    ],
)
async def test_a_wrong_area_is_refused_with_its_field(
    embedded: Stage, code: str, body: dict[str, Any], field: str
) -> None:
    answer = await Town(embedded).secretary.put(f"/areas/{code}", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].split(".")[0] == field


async def test_a_shape_of_too_many_positions_is_refused(embedded: Stage) -> None:
    ring = [[0, 0], *([n / 100_000, 1] for n in range(20_001)), [0, 0]]
    body = {"name": "x", "polygon": {"type": "Polygon", "coordinates": [ring]}}
    answer = await Town(embedded).secretary.put(f"/areas/{WEST}", json=body)
    assert (answer.status_code, "simplify" in answer.json()["detail"]) == (422, True)


async def test_several_polygons_may_be_one_area(town: Town) -> None:
    pieces = [rectangle(x, 36.2, 0.01, 0.01)["coordinates"] for x in (103.5, 103.6)]
    await put(
        town,
        f"/areas/{COMMUNITY}008",
        {"name": "x", "polygon": {"type": "MultiPolygon", "coordinates": pieces}},
    )
    found = await town.clerk.post(
        "/locate", json={"points": [[103.505, 36.205], [103.55, 36.205], [103.605, 36.205]]}
    )
    assert found.json() == {"area_codes": [f"{COMMUNITY}008", None, f"{COMMUNITY}008"]}


async def test_areas_are_listed_by_page_level_and_prefix(town: Town) -> None:
    first = await town.clerk.get("/areas", params={"limit": 4, "within": COMMUNITY})
    assert [one["code"] for one in first.json()] == [WEST, f"{WEST}001", f"{WEST}002", EAST]
    following = first.headers["link"].split(">")[0].removeprefix("</grid/v1")
    assert [one["code"] for one in (await town.clerk.get(following)).json()] == [f"{EAST}001", f"{EAST}002"]
    grids = await town.clerk.get("/areas", params={"level": 1})
    assert [one["code"] for one in grids.json()] == [WEST, EAST]
    assert "link" not in grids.headers


async def test_areas_are_given_as_geojson(town: Town) -> None:
    one = await town.clerk.get(f"/areas/{WEST}/geojson")
    assert one.headers["content-type"] == "application/geo+json"
    assert (one.json()["type"], one.json()["id"], one.json()["geometry"]["type"]) == (
        "Feature",
        WEST,
        "Polygon",
    )
    many = await town.clerk.get("/areas/geojson", params={"limit": 2})
    assert [feature["id"] for feature in many.json()["features"]] == [WEST, f"{WEST}001"]
    assert 'rel="next"' in many.headers["link"]
    await put(town, f"/areas/{COMMUNITY}007", {"name": "without a shape"})
    assert (await town.clerk.get(f"/areas/{COMMUNITY}007/geojson")).status_code == 404
    assert (await town.clerk.get(f"/areas/{COMMUNITY}006")).status_code == 404


async def test_a_compound_is_entered_corrected_and_found_by_its_names(town: Town) -> None:
    path = f"/areas/{EAST}/compounds/CP-LKY"
    body: dict[str, Any] = {"name": "林勘院家属院", "point": {"longitude": 103.895, "latitude": 36.057}}
    assert (await town.secretary.put(path, json=body)).status_code == 201
    changed = await town.secretary.put(
        path, json={**body, "aliases": ["林勘院"]}, headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (await town.secretary.put(path, json=body, headers={"If-Match": '"1"'})).status_code == 412
    found = await town.clerk.get("/locate", params={"address": "兰州市 林勘院 4号楼"})
    assert found.json() == {
        "area_code": f"{EAST}002",
        "level": 0,
        "method": "address",
        "compound": "CP-LKY",
        "areas": [f"{EAST}002", EAST, COMMUNITY, COMMUNITY[:9], "620102", "6201", "62"],
    }
    assert [one["code"] for one in (await town.clerk.get(f"/areas/{WEST}/compounds")).json()] == [COMPOUND]
    nowhere = await town.secretary.put(f"/areas/{COMMUNITY}999/compounds/CP-X", json=body)
    assert nowhere.status_code == 404
    assert (await town.secretary.put(f"/areas/{COMMUNITY}/compounds/CP-X", json=body)).status_code == 422


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"longitude": "0", "latitude": "0"}, 404),
        ({"address": "一个没有的地方"}, 404),
        ({}, 422),
        ({"longitude": "103.9"}, 422),
        ({"longitude": "103.9", "latitude": "36", "address": "北方苑"}, 422),
        ({"longitude": "181", "latitude": "36"}, 422),
        ({"longitude": "nan", "latitude": "36"}, 422),
    ],
)
async def test_a_question_without_an_answer_says_why(
    embedded: Stage, question: dict[str, str], status: int
) -> None:
    answer = await Town(embedded).clerk.get("/locate", params=question)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_more_than_a_thousand_points_at_once_are_refused(embedded: Stage) -> None:
    answer = await Town(embedded).clerk.post("/locate", json={"points": [[0, 0]] * 1001})
    assert answer.status_code == 422


async def test_an_area_drawn_by_many_at_once_is_drawn_once(town: Town) -> None:
    body = {"name": "x", "polygon": rectangle(104, 36, 0.01, 0.01)}
    answers = await asyncio.gather(
        *(town.secretary.put(f"/areas/{COMMUNITY}005", json={**body, "name": f"n{n}"}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert (await town.clerk.get(f"/areas/{COMMUNITY}005")).json()["version"] == 8


async def test_a_role_that_the_template_fills_once_is_not_filled_twice(town: Town) -> None:
    answers = await asyncio.gather(
        *(town.secretary.put(f"/force/{WEST}/party_branch_secretary/p-{n}", json={}) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "urn:sanlian:problem:force-role-full"


async def test_the_force_is_listed_with_names_and_its_vacancies_are_named(town: Town) -> None:
    listed = (await town.worker(WEST).get("/force")).json()
    assert [(one["area_code"], one["role"]) for one in listed] == [
        (WEST, "full_time_worker"),
        (WEST, "grid_leader"),
    ]
    assert {one["name"] for one in listed} == {"赵某(虚构)"}
    missing = (await town.clerk.get("/force/vacancies", params={"within": WEST})).json()
    assert [(one["area_code"], one["role"]) for one in missing] == [
        (WEST, "party_branch_secretary"),
        (WEST, "community_police"),
        (WEST, "property_or_courtyard_head"),
        (f"{WEST}001", "micro_grid_head"),
        (f"{WEST}002", "micro_grid_head"),
    ]


async def test_a_person_stands_down_and_comes_back(town: Town) -> None:
    path = f"/force/{WEST}/grid_leader/{WEST}:grid_leader"
    assert (await town.secretary.put(path)).status_code == 200
    assert (await town.secretary.put(path, json={"name": "钱某(虚构)"})).json()["version"] == 2
    assert (await town.secretary.delete(path, headers={"If-Match": '"1"'})).status_code == 412
    assert (await town.secretary.delete(path)).status_code == 204
    assert (await town.secretary.delete(path)).status_code == 404
    back = await town.secretary.put(path)
    assert (back.status_code, back.json()["name"], back.json()["version"]) == (201, "钱某(虚构)", 4)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/force/{WEST}/a_stranger/p", 422),
        (f"/force/{WEST}/micro_grid_head/p", 422),
        (f"/force/{COMMUNITY}003/grid_leader/p", 404),
        ("/force/620102014007001/grid_leader/p", 403),
    ],
)
async def test_a_wrong_appointment_is_refused(town: Town, path: str, status: int) -> None:
    assert (await town.secretary.put(path, json={})).status_code == status


async def test_a_street_officer_sees_the_force_of_the_whole_street_only(town: Town) -> None:
    street = town.stage.client(Role.STREET_OFFICER, areas=(COMMUNITY[:9],))
    assert len((await street.get("/force")).json()) == 4
    other = town.stage.client(Role.STREET_OFFICER, areas=("620102015",))
    assert (await other.get("/force")).json() == []
