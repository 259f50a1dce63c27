"""Two issues, everybody who may lay hands on them, and all that can be done, legal or not."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from services.intake.clocks.watch import strike_due
from services.intake.issues.rules import COMMANDS
from services.intake.mediation.rules import MOVES as MEDIATION
from services.intake.mediation.rules import UNDER_WAY
from services.intake.tasks.rules import MOVES as TASK
from services.intake.tasks.rules import OPEN_TASKS
from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.intake.people import GRID, JPEG, STREET, People, located, proposed
from tests.intake.test_mediations import BODIES as MEDIATION_BODIES
from tests.intake.test_mediations import OPENING
from tests.intake.test_tasks import NEEDS as TASK_BODIES

Step = tuple[int, int, int, int]
Issue = dict[str, Any]
REFUSALS = {401, 403, 404, 409, 412, 422}
ANSWERS: dict[str, dict[str, Any]] = {
    "approve": {},
    "refuse": {"reason": "the community can do it"},
    "recall": {},
    "close": {},
    "acknowledge": {},
    "progress": {"text": "we look at it"},
    "return": {"reason_code": "incomplete"},
    "reply": {"outcome_code": "repaired", "text": "the pipe was repaired"},
}
VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {
    "accept": ({"category": "0503"}, {"category": "0202"}, {"category": "0101"}, {"category": "99"}),
    "recategorise": ({"category": "0202"}, {"category": "0502"}, {"category": "0102"}, {"category": "1003"}),
    "assign": ({"person": "w-1"}, {"person": "l-1"}, {"person": "w-2"}),
    "transfer": ({"person": "w-1"}, {"person": "l-1"}, {"person": "c-1"}),
    "call-back": ({}, {"reached": False, "solved": None, "rating": None}, {"solved": False}),
    "verify": ({}, {"category": "0503"}),
    "decide-extension": ({"granted": True}, {"granted": False}),
    "escalate": ({}, {"to_level": 3, "criteria": ["other_department"]}, {"type": "whistle", "to_level": 3}),
}
# What leads on, and who gives it where nobody stands in the way.
FORWARD = ("accept", "assign", "start", "resume", "resolve", "verify", "call-back", "reopen")
LEADER, CLERK, RESIDENT = "l-1", "c-1", "resident:1"
GIVERS = {"accept": CLERK, "assign": CLERK, "verify": LEADER, "call-back": CLERK, "reopen": RESIDENT}
PEOPLE: dict[str, tuple[tuple[Role, ...], str]] = {
    "w-1": ((Role.GRID_WORKER,), GRID),
    "w-2": ((Role.GRID_WORKER,), GRID),
    "w-9": ((Role.GRID_WORKER,), f"{COMMUNITY}002"),
    LEADER: ((Role.GRID_LEADER,), GRID),
    CLERK: ((Role.COMMUNITY_CLERK,), COMMUNITY),
    "s-1": ((Role.COMMUNITY_SECRETARY,), COMMUNITY),
    "o-1": ((Role.STREET_OFFICER,), STREET),
    RESIDENT: ((Role.RESIDENT,), COMMUNITY),
    "resident:2": ((Role.RESIDENT,), COMMUNITY),
}
EVERYWHERE = " in every office"
ALL_HANDS = (Role.GRID_WORKER, Role.GRID_LEADER, Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY)


@dataclass
class Scene:
    """One example: `play` does one thing, and holds the service to what must never happen."""

    people: People
    actors: dict[str, httpx.AsyncClient]
    issues: Sequence[Issue]
    levels: dict[str, int] = field(default_factory=dict)

    async def play(self, step: Step) -> None:
        """One thing that somebody does to one of the issues."""
        who, what, which, how = step
        deeds: tuple[Callable[[Issue, str, int, int], Awaitable[None]], ...] = (
            *(self.forward,) * 5,
            *(self.command,) * 3,
            *(
                self.task,
                self.mediation,
                self.escalation,
                self.emergency,
                self.words,
                self.time,
                self.proposal,
                self.photo,
                self.transfer,
            ),
        )
        issue, subject = self.issues[which], list(self.actors)[who % len(self.actors)]
        await deeds[what % len(deeds)](issue, subject, what // len(deeds), how)
        await self.watch(issue)

    async def watch(self, issue: Issue) -> None:
        """What must be true after each step; the rest is read from the rows at the end."""
        now = await self.people.look(issue)
        assert now["max_level"] >= self.levels.get(issue["id"], 0), "the highest level never falls"
        self.levels[issue["id"]] = now["max_level"]
        if now["state"] in {"verified", "closed"}:
            for kind, is_open in (("tasks", OPEN_TASKS), ("mediations", UNDER_WAY)):
                parts = (await self.people.clerk.get(f"/issues/{issue['id']}/{kind}")).json()
                assert not [one["no"] for one in parts if one["state"] in is_open], kind

    async def command(self, issue: Issue, subject: str, what: int, how: int) -> None:
        await self.tell(list(COMMANDS)[what % len(COMMANDS)], issue, subject, how)

    async def forward(self, issue: Issue, subject: str, what: int, how: int) -> None:
        """What leads on, by who may do it, or (`how` is 3) by who worked on it and has every office."""
        now = await self.people.look(issue)
        handler = (now["handler"] or {"person": "w-1"})["person"]
        for name in FORWARD:
            if name in now["commands"]:
                if name == "resolve" and how:
                    await self.photo(issue, handler, what, how)
                eager = ("w-1", handler)[what % 2] + EVERYWHERE
                by = eager if how == 3 and eager in self.actors else GIVERS.get(name, handler)
                await self.tell(name, issue, by, what)
                return

    async def transfer(self, issue: Issue, subject: str, what: int, how: int) -> None:
        await self.tell("transfer", issue, CLERK, how)

    async def tell(self, name: str, issue: Issue, subject: str, how: int) -> None:
        variants = VARIANTS.get(name, ({},))
        said = dict(variants[how % len(variants)])
        if name == "merge":
            said["master_id"] = self.issues[how % 2]["id"]
        if name in {"suspend", "ask-extension"}:
            said["until"] = (self.people.stage.clock.now() + timedelta(days=how + 1)).isoformat()
        self.note(await self.people.tell(name, issue, self.actors[subject], **said))

    async def photo(self, issue: Issue, subject: str, what: int, how: int) -> None:
        files = {"file": ("light.jpg", JPEG, "image/jpeg")}
        self.note(await self.actors[subject].post(f"/issues/{issue['id']}/evidence", files=files))

    async def task(self, issue: Issue, subject: str, what: int, how: int) -> None:
        found = (await self.people.clerk.get(f"/issues/{issue['id']}/tasks")).json()
        shown = (await self.people.clerk.get(f"/issues/{issue['id']}/evidence")).json()
        if not found:
            await self.tell("split", issue, CLERK, how)
        for one in found[:1]:
            name = list(TASK)[what % len(TASK)]
            said = TASK_BODIES.get(name) or {"evidence": [photo["id"] for photo in shown[:1]]}
            by = self.actors.get(one["handler"]["person"]) if how else None
            self.note(await (by or self.actors[subject]).post(f"/tasks/{one['id']}/{name}", json=said))

    async def mediation(self, issue: Issue, subject: str, what: int, how: int) -> None:
        path = f"/issues/{issue['id']}/mediations"
        found = (await self.people.clerk.get(path)).json()
        by = self.people.clerk if how else self.actors[subject]
        if not found or (how == 1 and not found[-1]["commands"]):
            # Only a dispute is mediated, and what it was taken for is no matter.
            await self.tell("recategorise", issue, CLERK, 0)
            self.note(await by.post(path, json=OPENING))
            return
        name = list(MEDIATION)[what % len(MEDIATION)]
        said = {**MEDIATION_BODIES[name], **({"party": 2} if name == "consent" and how % 2 else {})}
        self.note(await by.post(f"/mediations/{found[-1]['id']}/{name}", json=said))

    async def escalation(self, issue: Issue, subject: str, what: int, how: int) -> None:
        found = (await self.people.clerk.get("/escalations", params={"issue_id": issue["id"]})).json()
        for one in found[:1]:
            name = list(ANSWERS)[what % len(ANSWERS)]
            by = self.people.officer if how % 2 else self.actors[subject]
            self.note(await by.post(f"/escalations/{one['id']}/{name}", json=ANSWERS[name]))

    async def time(self, issue: Issue, subject: str, what: int, how: int) -> None:
        self.people.stage.clock.advance(timedelta(hours=(1, 7, 24, 200)[how]))
        await strike_due(self.people.stage.host)

    async def emergency(self, issue: Issue, subject: str, what: int, how: int) -> None:
        said = {"stage": ("first", "follow_up", "final", "follow_up")[how]}
        self.note(await self.actors[subject].post(f"/issues/{issue['id']}/emergency-reports", json=said))

    async def words(self, issue: Issue, subject: str, what: int, how: int) -> None:
        said = {"text": "it got worse", "code": issue["track_code"]}
        self.note(await self.people.nobody.post(f"/track/{issue['no']}/additions", json=said))

    async def proposal(self, issue: Issue, subject: str, what: int, how: int) -> None:
        round = (await self.people.look(issue))["assignment_round"]
        news = (located(issue), proposed(issue, round=max(round - how // 3, 0)))
        assert await self.people.stage.give(*news) == []

    def note(self, answer: httpx.Response) -> None:
        """Nothing that is sent makes the service fail."""
        fine = answer.is_success or answer.status_code in REFUSALS
        assert fine, (answer.request.url, answer.status_code, answer.text)


@asynccontextmanager
async def troupe(stage: Stage) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Everybody by their subject, and three who hold every office of the staff."""
    async with AsyncExitStack() as stack:
        made = {
            subject: await stack.enter_async_context(stage.client(*roles, areas=(area,), subject=subject))
            for subject, (roles, area) in PEOPLE.items()
        }
        for subject in ("w-1", LEADER, CLERK):
            client = stage.client(*ALL_HANDS, areas=(COMMUNITY,), subject=subject)
            made[subject + EVERYWHERE] = await stack.enter_async_context(client)
        yield made
