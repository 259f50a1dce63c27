"""The people of one community, and the roads on which they bring an issue into a state."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.auth import Role
from shared.events.grid import AssignmentProposed, AssignmentSnapshot, IssueLocated, PlacementSnapshot
from shared.events.intake import Handler
from shared.testing import COMMUNITY, Stage
from tests.intake.photos import photo

STREET = COMMUNITY[:9]
GRID, OTHER_GRID = f"{COMMUNITY}001", f"{COMMUNITY}002"
MICRO_GRID = f"{GRID}001"
JPEG = photo()
DOSSIER = {"facts": "the main pipe under the yard is broken", "ask": "repair the main pipe"}
HANDOVER = {"to_level": 2, "criteria": ["several_grids"], "dossier": DOSSIER}
NEED = {"kind": "goods", "quantity": 2, "unit": "lamp", "public_text": "two lamps for a stairwell"}

# What each command needs, where nothing else matters.
BODIES: dict[str, dict[str, Any]] = {
    "accept": {"category": "0503"},
    "reject": {"reason_code": "not_our_remit", "advice": "please ask the property company"},
    "merge": {},
    "unmerge": {},
    "assign": {"person": "w-2", "unit": GRID},
    "transfer": {"person": "w-2", "unit": GRID},
    "recategorise": {"category": "0502", "note": "it is the pipe, not the lamp"},
    "decline": {"reason_code": "on_leave"},
    "start": {},
    "suspend": {"reason_code": "season", "until": "2026-03-20T00:00:00Z"},
    "interim-reply": {"text": "the lamp has been ordered"},
    "resume": {},
    "request-help": NEED,
    "split": {"parts": [{"unit": OTHER_GRID, "person": "w-9", "title": "the wiring of the other yard"}]},
    "ask-extension": {"reason_code": "parts_ordered", "until": "2026-03-09T02:00:00Z"},
    "decide-extension": {"granted": True},
    "escalate": HANDOVER,
    "resolve": {"outcome_code": "repaired"},
    "rework": {"reason_code": "still_dark"},
    "verify": {},
    "call-back": {"reached": True, "solved": True, "rating": 5},
    "reopen": {},
    "withdraw": {},
}
# How one comes into each state, from a resident's report on.
ROADS: dict[str, tuple[str, ...]] = {
    "reported": (),
    "accepted": ("accept",),
    "rejected": ("reject",),
    "merged": ("merge",),
    "assigned": ("accept", "propose"),
    "in_progress": ("accept", "propose", "start"),
    "suspended": ("accept", "propose", "start", "suspend"),
    "escalated": ("accept", "propose", "start", "escalate"),
    "resolved": ("accept", "propose", "start", "resolve"),
    "verified": ("accept", "propose", "start", "resolve", "verify"),
    "closed": ("accept", "propose", "start", "resolve", "verify", "call-back"),
    "withdrawn": ("withdraw",),
}


class People:
    """Clients by who they are; `worker` handles what grid proposes."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.worker = stage.client(Role.GRID_WORKER, areas=(GRID,), subject="w-1")
        self.other_worker = stage.client(Role.GRID_WORKER, areas=(OTHER_GRID,), subject="w-9")
        self.leader = stage.client(Role.GRID_LEADER, areas=(GRID,), subject="l-1")
        self.clerk = stage.client(Role.COMMUNITY_CLERK, subject="c-1")
        self.secretary = stage.client(Role.COMMUNITY_SECRETARY, subject="s-1")
        self.resident = stage.client(Role.RESIDENT, areas=(), subject="resident:1")
        self.neighbour = stage.client(Role.RESIDENT, areas=(), subject="resident:2")
        self.officer = stage.client(Role.STREET_OFFICER, areas=(STREET,), subject="o-1")
        self.partner = stage.client(Role.PARTNER_CONTACT, areas=(COMMUNITY,), subject="p-1")
        self.nobody = stage.client()

    async def leave(self) -> None:
        for client in vars(self).values():
            if isinstance(client, httpx.AsyncClient):
                await client.aclose()

    async def report(self, by: httpx.AsyncClient | None = None, **said: Any) -> dict[str, Any]:
        """Report a broken light, or what is said, and return the answer."""
        answer = await (by or self.resident).post("/issues", json={"title": "the light is out", **said})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def tell(
        self, command: str, issue: dict[str, Any], by: httpx.AsyncClient, **said: Any
    ) -> httpx.Response:
        """Give a command with the least that it needs, and what is said besides."""
        body = {**BODIES[command], **said}
        return await by.post(f"/issues/{issue['id']}/{command}", json=body)

    async def issue(self, state: str, **said: Any) -> dict[str, Any]:
        """An issue in this state, that a resident reported and `worker` handles."""
        issue = await self.report(**said)
        for step in ROADS[state]:
            await self._go(step, issue)
        found = (await self.clerk.get(f"/issues/{issue['id']}")).json()
        assert found["state"] == state
        return {**issue, **found}

    async def _go(self, step: str, issue: dict[str, Any]) -> None:
        if step == "propose":
            assert await self.stage.give(located(issue), proposed(issue)) == []
            return
        said: dict[str, Any] = {}
        if step == "resolve":
            await self.add_photo(issue)
        if step == "merge":
            said["master_id"] = (await self.report())["id"]
        if step == "suspend":
            said["until"] = (self.stage.clock.now() + timedelta(days=10)).isoformat()
        answer = await self.tell(step, issue, self._who_does(step), **said)
        assert answer.is_success, answer.text

    def _who_does(self, step: str) -> httpx.AsyncClient:
        by = {"verify": self.leader, "suspend": self.leader, "withdraw": self.resident}
        by |= dict.fromkeys(("start", "escalate", "resolve"), self.worker)
        return by.get(step, self.clerk)

    async def add_photo(self, issue: dict[str, Any], by: httpx.AsyncClient | None = None) -> dict[str, Any]:
        files = {"file": ("light.jpg", JPEG, "image/jpeg")}
        answer = await (by or self.worker).post(f"/issues/{issue['id']}/evidence", files=files)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def look(self, issue: dict[str, Any]) -> dict[str, Any]:
        return dict((await self.clerk.get(f"/issues/{issue['id']}")).json())

    async def steps(self, issue: dict[str, Any]) -> list[str]:
        """The commands on its timeline."""
        lines = (await self.clerk.get(f"/issues/{issue['id']}/timeline")).json()
        return [line["command"] for line in lines]


def located(issue: dict[str, Any], area: str = MICRO_GRID, version: int = 1) -> IssueLocated:
    snapshot = PlacementSnapshot(id=UUID(issue["id"]), version=version, area_code=area, method="point")
    return IssueLocated(placement=snapshot)


def proposed(
    issue: dict[str, Any], person: str | None = "w-1", *, round: int = 0, area: str = MICRO_GRID
) -> AssignmentProposed:
    snapshot = AssignmentSnapshot(
        id=uuid4(),
        version=1,
        issue_id=UUID(issue["id"]),
        round=round,
        area_code=area,
        handler=None if person is None else Handler(unit=area, person=person),
        role=None if person is None else "full_time_worker",
        level=1,
        reasons=("full_time_worker_of_grid",),
    )
    return AssignmentProposed(assignment=snapshot)


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]
