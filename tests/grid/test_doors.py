"""Who may use which of grid's doors: every endpoint by every role."""

from uuid import UUID

import pytest

from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.grid.town import EAST, WEST, Town

FIELD = {Role.GRID_WORKER, Role.GRID_LEADER}
OFFICE = {Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY}
MAP = {Role.OPERATOR, Role.COMMUNITY_SECRETARY}
H, V = "/households/H-0001", f"/visits/{UUID(int=1)}"
WORD: dict[str, object] = {"reason": "入户走访"}

# Each door: the method, the path, a body, and the roles that may pass.
DOORS: list[tuple[str, str, dict[str, object] | None, set[Role]]] = [
    ("PUT", f"/areas/{WEST}", {"name": "x"}, MAP),
    ("GET", "/areas", None, set(Role)),
    ("GET", "/areas/geojson", None, set(Role)),
    ("GET", f"/areas/{WEST}", None, set(Role)),
    ("GET", f"/areas/{WEST}/geojson", None, set(Role)),
    ("PUT", f"/areas/{WEST}/compounds/C", {"name": "x", "point": {"longitude": 0, "latitude": 0}}, MAP),
    ("GET", f"/areas/{WEST}/compounds", None, set(Role)),
    ("GET", "/locate?address=xx", None, set(Role)),
    ("POST", "/locate", {"points": [[0, 0]]}, set(Role)),
    ("PUT", f"/force/{WEST}/volunteer/p", {}, MAP),
    ("DELETE", f"/force/{WEST}/volunteer/p", None, MAP),
    ("GET", "/force", None, {*FIELD, *OFFICE, Role.STREET_OFFICER, Role.OPERATOR}),
    ("GET", "/force/vacancies", None, {*FIELD, *OFFICE, Role.STREET_OFFICER, Role.OPERATOR}),
    ("PUT", H, {"area_code": WEST}, {*FIELD, *OFFICE, Role.OPERATOR}),
    ("GET", "/households", None, {*FIELD, *OFFICE}),
    ("GET", H, None, {*FIELD, *OFFICE}),
    ("GET", f"{H}/head?reason=why", None, {*FIELD, *OFFICE}),
    ("GET", f"{H}/colour?reason=why", None, {*FIELD, *OFFICE}),
    (
        "POST",
        f"{H}/alarms",
        {"kind": "sudden_event", "at": "2026-03-10T00:00:00Z", **WORD},
        {*FIELD, *OFFICE},
    ),
    ("POST", f"{H}/colour/confirm", WORD, {Role.GRID_LEADER, *OFFICE}),
    ("POST", f"{H}/colour/approve-step-down", WORD, OFFICE),
    ("POST", f"{H}/colour/override", {"colour": "red", "until": "2026-03-12", **WORD}, OFFICE),
    ("POST", f"{H}/colour/lift-override", WORD, OFFICE),
    ("GET", "/visits", None, {*FIELD, *OFFICE}),
    (
        "POST",
        "/visits",
        {"household_code": "H-0001", "purpose": "x", "due_on": "2026-03-12"},
        {*FIELD, *OFFICE},
    ),
    ("GET", V, None, {*FIELD, *OFFICE}),
    ("POST", f"{V}/done", {"wellbeing": 3}, {*FIELD, *OFFICE}),
    ("POST", f"{V}/not-at-home", WORD, {*FIELD, *OFFICE}),
    ("POST", f"{V}/refuse", WORD, {*FIELD, *OFFICE}),
    ("POST", f"{V}/cancel", WORD, {*FIELD, *OFFICE}),
]
doors = pytest.mark.parametrize(
    ("method", "path", "body", "roles"), DOORS, ids=[f"{d[0]} {d[1]}" for d in DOORS]
)


@pytest.fixture
async def peopled(embedded: Stage) -> Stage:
    """Two grids and a household in the first."""
    town = Town(embedded)
    for grid in (WEST, EAST):
        assert (await town.secretary.put(f"/areas/{grid}", json={"name": grid})).status_code == 201
    assert (await town.clerk.put(H, json={"area_code": WEST, "tags": []})).status_code == 201
    return embedded


@doors
async def test_a_door_opens_for_its_roles_and_for_nobody_else(
    peopled: Stage, method: str, path: str, body: dict[str, object] | None, roles: set[Role]
) -> None:
    for role in Role:
        answer = await peopled.client(role).request(method, path, json=body)
        assert (answer.status_code != 403) is (role in roles), f"{role}: {answer.text}"
        assert answer.status_code < 500, answer.text
    assert (await peopled.client().request(method, path, json=body)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "roles"),
    [door for door in DOORS if door[1].startswith((H, f"/force/{WEST}")) or (door[0] == "PUT")],
)
async def test_a_door_to_a_record_stays_shut_for_another_area(
    peopled: Stage, method: str, path: str, body: dict[str, object] | None, roles: set[Role]
) -> None:
    for role in sorted(roles):
        answer = await peopled.client(role, areas=("620102015",)).request(method, path, json=body)
        assert answer.status_code == 403, f"{role}: {answer.text}"


async def test_what_is_not_there_is_not_found(peopled: Stage) -> None:
    clerk = peopled.client(Role.COMMUNITY_CLERK)
    for path in ("/households/H-9", "/households/H-9/head?reason=why", "/households/H-9/colour?reason=why"):
        assert (await clerk.get(path)).status_code == 404
    assert (await clerk.get("/households/H-0001/head?reason=why")).status_code == 404
    assert (await clerk.get(f"/areas/{COMMUNITY}099")).status_code == 404
