"""A town of two grids to act in, and the events that intake would tell of an issue in it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from shared.auth import Role
from shared.events.intake import Handler, IssueSnapshot, IssueState
from shared.testing import COMMUNITY, Stage

WEST, EAST = f"{COMMUNITY}001", f"{COMMUNITY}002"
# Each grid is a square of 0.01 degrees; its micro-grids are the southern (001) and the northern (002) half.
LONGITUDE = {WEST: 103.88, EAST: 103.89}
SOUTH, SIDE = 36.05, 0.01
COMPOUND, COMPOUND_NAME = "CP-BFY", "北方苑小区"


def rectangle(west: float, south: float, width: float, height: float) -> dict[str, Any]:
    east, north = west + width, south + height
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@dataclass(frozen=True, slots=True)
class Town:
    """The stage, with people to act as."""

    stage: Stage

    @property
    def secretary(self) -> httpx.AsyncClient:
        return self.stage.client(Role.COMMUNITY_SECRETARY, subject=f"{COMMUNITY}:secretary")

    @property
    def clerk(self) -> httpx.AsyncClient:
        return self.stage.client(Role.COMMUNITY_CLERK, subject=f"{COMMUNITY}:clerk")

    def worker(self, grid: str = WEST) -> httpx.AsyncClient:
        return self.stage.client(Role.GRID_WORKER, areas=(grid,), subject=f"{grid}:full_time_worker")

    async def enter(self, code: str, *tags: str, compound: str = COMPOUND) -> dict[str, Any]:
        body = {"compound_code": compound, "head_name": "唐先生", "tags": list(tags)}
        answer = await self.clerk.put(f"/households/{code}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def household(self, code: str) -> dict[str, Any]:
        answer = await self.clerk.get(f"/households/{code}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def visits(self, household: str, **query: str) -> list[dict[str, Any]]:
        answer = await self.clerk.get("/visits", params={"household": household, **query})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found


async def build_town(stage: Stage) -> Town:
    town = Town(stage)
    for grid, west in LONGITUDE.items():
        await put(town, f"/areas/{grid}", {"name": grid, "polygon": rectangle(west, SOUTH, SIDE, SIDE)})
        for number, south in (("001", SOUTH), ("002", SOUTH + SIDE / 2)):
            shape = rectangle(west, south, SIDE, SIDE / 2)
            await put(town, f"/areas/{grid}{number}", {"name": number, "polygon": shape})
        for role in ("grid_leader", "full_time_worker"):
            await put(town, f"/force/{grid}/{role}/{grid}:{role}", {"name": "赵某(虚构)"})
    compound = {
        "name": COMPOUND_NAME,
        "aliases": ["北方苑"],
        "point": {"longitude": 103.885, "latitude": 36.057},
    }
    await put(town, f"/areas/{WEST}/compounds/{COMPOUND}", compound)
    return town


async def put(town: Town, path: str, body: dict[str, Any]) -> None:
    answer = await town.secretary.put(path, json=body)
    assert answer.status_code in {200, 201}, answer.text


def issue(issue_id: UUID, version: int, state: IssueState, **more: Any) -> IssueSnapshot:
    """The snapshot of an issue in the community, of which only what is given is peculiar."""
    plain: dict[str, Any] = {
        "no": "WLD-20260310-0001",
        "community_code": COMMUNITY,
        "street_code": COMMUNITY[:9],
        "area_code": COMMUNITY,
        "channel": "grid_patrol",
        "category": "0503",
        "urgency": "U2",
        "level": 1,
        "max_level": 0,
        "colour": "blue",
        "pillar": "hearts",
        "privacy_class": 0,
        "affected_households": 1,
        "handler": None,
        "assignment_round": 0,
        "decline_count": 0,
        "reopen_count": 0,
        "reported_at": "2026-03-10T02:00:00Z",
        "due_accept": None,
        "due_respond": None,
        "due_resolve": None,
        "outcome_code": None,
    }
    return IssueSnapshot.model_validate({**plain, **more, "id": issue_id, "version": version, "state": state})


WEST_WORKER = Handler(unit=WEST, person=f"{WEST}:full_time_worker")
WEST_LEADER = Handler(unit=WEST, person=f"{WEST}:grid_leader")
