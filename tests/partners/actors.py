"""Who acts in the tests of partners, and what they usually send."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.auth import Role
from shared.events import Event
from shared.events.intake import Help, IssueHelpRequested, IssueSnapshot, IssueState, Urgency
from shared.testing import COMMUNITY, Stage

GRID = f"{COMMUNITY}001"
OTHER_GRID = f"{COMMUNITY}002"
UNIT = "PU-HTZQ"


class Actors:
    """Clients of the people around a need, and short ways to bring things to a state."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.clerk = stage.client(Role.COMMUNITY_CLERK, subject=f"{COMMUNITY}:clerk")
        self.worker = stage.client(Role.GRID_WORKER, areas=[GRID], subject=f"{GRID}:full_time_worker")
        self.nobody = stage.client()

    async def unit(self, code: str = UNIT, **changes: Any) -> httpx.AsyncClient:
        """Make a member unit in force, and give a client that calls with its key."""
        made = await self.clerk.put(f"/units/{code}", json=unit_form(**changes))
        assert made.status_code in {200, 201}, made.text
        key = await self.clerk.post(f"/units/{code}/keys", json={"label": "test"})
        assert key.status_code == 201, key.text
        return self.stage.client(key=key.json()["key"])

    async def need(self, **changes: Any) -> dict[str, Any]:
        return self._made(await self.clerk.post("/needs", json=need_form(**changes)))

    async def offer(self, unit: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
        return self._made(await unit.post("/offers", json=offer_form(self.stage.clock.now(), **changes)))

    async def matches(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.clerk.get("/matches", params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def pledge(self, unit: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
        """Offer the newest proposed match to the unit, and let it accept."""
        match = (await self.matches(state="proposed", **query))[0]
        offered = await self.clerk.post(f"/matches/{match['id']}/offer")
        assert offered.status_code == 200, offered.text
        return self._made(await unit.post(f"/matches/{match['id']}/accept"))

    async def settle(self) -> list[Event]:
        """Let partners hear its own events until it has nothing more to say; return all of them."""
        said: list[Event] = []
        while new := await self.stage.emitted():
            said += new
            assert await self.stage.give(*(event for event in new if event.type in self._heard)) == []
        return said

    @property
    def _heard(self) -> frozenset[str]:
        return self.stage.host.service.types

    @staticmethod
    def _made(answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


def unit_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "海通证券甘肃分公司第二党支部",
        "kind": "enterprise_branch",
        "area_code": OTHER_GRID,
        "point": {"longitude": 103.8841, "latitude": 36.0502},
        "agreement": {"signed_on": "2027-01-01", "until": "2027-12-31"},
        **changes,
    }


def offer_form(now: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "goods",
        "title": "米面油爱心包",
        "tags": ["rice_oil"],
        "measure": "set",
        "total": 7,
        "valid_to": (now + timedelta(days=60)).isoformat(),
        **changes,
    }


def need_form(**changes: Any) -> dict[str, Any]:
    return {
        "origin": "wish",
        "kind": "goods",
        "tags": ["rice_oil"],
        "measure": "set",
        "quantity": 1,
        "area_code": GRID,
        "public_text": "一户独居老人需要米面油",
        **changes,
    }


def issue_snapshot(
    issue_id: UUID, version: int, state: IssueState, *, now: datetime, area_code: str = GRID
) -> IssueSnapshot:
    return IssueSnapshot(
        id=issue_id,
        version=version,
        no=f"WLD-20270301-{issue_id.int % 10000:04d}",
        community_code=COMMUNITY,
        street_code=COMMUNITY[:9],
        area_code=area_code,
        state=state,
        channel="grid_patrol",
        category="0303",
        urgency=Urgency.U1,
        level=1,
        max_level=1,
        colour="blue",
        pillar="hearts",
        privacy_class=2,
        affected_households=1,
        handler=None,
        assignment_round=0,
        decline_count=0,
        reopen_count=0,
        reported_at=now,
        due_accept=None,
        due_respond=None,
        due_resolve=None,
        outcome_code=None,
    )


def help_requested(
    now: datetime, *, issue_id: UUID | None = None, version: int = 4, no: int = 1, **help: Any
) -> IssueHelpRequested:
    wanted = {
        "kind": "goods",
        "tags": ("rice_oil",),
        "quantity": 1,
        "unit": "set",
        "public_text": "米面油一套",
    }
    snapshot = issue_snapshot(issue_id or uuid4(), version, IssueState.in_progress, now=now)
    return IssueHelpRequested(issue=snapshot, help=Help.model_validate({"no": no, **wanted, **help}))
