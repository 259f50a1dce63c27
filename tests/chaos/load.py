"""Many people who report at once and do not give up, and a look at what became of their reports."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from services.notify.messages.telling import webhook_id
from shared.bus.dead import RabbitDeadLetters
from tests.chaos.conftest import Stack
from tests.chaos.story import ISSUES, report
from tests.patience import PATIENCE_S

REPORTERS = 20
PAUSE_S = 0.15
ENOUGH = 100
# What the street office is told of an issue that was reported by staff and found its handler.
TOLD = {"issue.reported", "issue.accepted", "issue.assigned"}


@dataclass(slots=True)
class Reported:
    """What the reporters were told: the issues taken, every status, and how often they heard nothing."""

    issues: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    unheard: int = 0
    _numbers: "count[int]" = field(default_factory=count)


@asynccontextmanager
async def reporting(stack: Stack, token: str) -> AsyncIterator[Reported]:
    """Let twenty people report while the block runs; at its end each has an answer for the last report."""
    reported, over = Reported(), asyncio.Event()
    origin = stack.processes["intake"].origin
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=origin, headers=headers, timeout=60, trust_env=False) as client,
        asyncio.TaskGroup() as people,
    ):
        for _ in range(REPORTERS):
            people.create_task(_report_on(client, reported, over))
        yield reported
        over.set()


async def _report_on(client: httpx.AsyncClient, reported: Reported, over: asyncio.Event) -> None:
    while not over.is_set():
        async with asyncio.timeout(PATIENCE_S):
            await _report_once(client, reported)
        await asyncio.sleep(PAUSE_S)


async def _report_once(client: httpx.AsyncClient, reported: Reported) -> None:
    """Send one report until it is taken: again under the same key, so that it cannot be taken twice."""
    body, key = report(f"load-{next(reported._numbers)}"), {"Idempotency-Key": str(uuid4())}
    while True:
        try:
            answer = await client.post(ISSUES, json=body, headers=key)
        except httpx.TransportError:
            # A kept connection may end just as it is used again; who does not know asks again.
            reported.unheard += 1
            await asyncio.sleep(0.1)
            continue
        reported.statuses[answer.status_code] += 1
        if answer.status_code == 201:
            issue = answer.json()
            assert issue["id"] not in reported.issues, "two reports got one issue"
            reported.issues[issue["id"]] = issue["no"]
            return
        assert answer.status_code == 503, f"{answer.status_code}: {answer.text[:500]}"
        await asyncio.sleep(0.2)


async def fetch(url: str, query: str, *given: object) -> list[Mapping[str, Any]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", "", 1))
    try:
        return list(await connection.fetch(query, *given))
    finally:
        await connection.close()


async def value(url: str, query: str, *given: object) -> Any:
    [row] = await fetch(url, query, *given)
    return next(iter(row.values()))


async def under_way(notify: str) -> set[str]:
    """The webhook ids of the attempts that began and whose result is not known."""
    rows = await fetch(notify, "SELECT message_id FROM deliveries WHERE state = 'leased'")
    return {webhook_id(row["message_id"]) for row in rows}


async def readiness(stack: Stack) -> dict[str, int]:
    """What each service answers to whoever asks whether it can work."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        answers = await asyncio.gather(
            *(client.get(f"{stack.processes[name].origin}/{name}/readyz") for name in stack.databases)
        )
    return {name: answer.status_code for name, answer in zip(stack.databases, answers, strict=True)}


async def plenty(reported: Reported) -> None:
    """Return when so much was reported that it proves something."""
    await more(reported, ENOUGH - len(reported.issues))


async def more(reported: Reported, count: int) -> None:
    """Return when that many more were reported."""
    wanted = len(reported.issues) + count
    for _ in range(int(PATIENCE_S / 0.1)):
        if len(reported.issues) >= wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"after {PATIENCE_S:.0f} s {len(reported.issues)} were reported, not {wanted}")


async def until_ready(stack: Stack, status: int, *names: str) -> None:
    """Return when these services, or all, answer so to whoever asks whether they can work."""
    says: dict[str, int] = {}
    for _ in range(int(PATIENCE_S / 0.2)):
        says = await readiness(stack)
        if all(says[name] == status for name in names or says):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"after {PATIENCE_S:.0f} s the services say {says}")


async def at_rest(stack: Stack, reported: Reported) -> None:
    """Return when every event has gone its way and every message has arrived."""
    waits: dict[str, int] = {}
    for _ in range(int(PATIENCE_S / 0.5)):
        waits = await _waiting(stack, reported)
        if not any(waits.values()):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"after {PATIENCE_S:.0f} s there still is {waits}")


async def _waiting(stack: Stack, reported: Reported) -> dict[str, int]:
    waits = {
        f"{name} outbox": await value(url, "SELECT count(*) FROM outbox")
        for name, url in stack.databases.items()
    }
    waits["issues without a handler"] = await value(
        stack.databases["intake"],
        "SELECT count(*) FROM issues WHERE id = ANY($1::uuid[]) AND state <> 'assigned'",
        list(reported.issues),
    )
    waits["messages to come"] = len(TOLD) * len(reported.issues) - await value(
        stack.databases["notify"],
        "SELECT count(*) FROM messages WHERE subject = ANY($1::text[]) AND type = ANY($2::text[])",
        [f"issue/{id}" for id in reported.issues],
        list(TOLD),
    )
    waits["deliveries under way"] = await value(
        stack.databases["notify"], "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'leased')"
    )
    return waits


async def check_all_was_kept(stack: Stack, reported: Reported, before: int) -> None:
    """Each report that was answered is one issue, assigned once, told once; nothing else came to be."""
    await until_ready(stack, 200)
    # Somebody who hears nothing now and then is no proof; a server that says nothing would be one.
    assert reported.unheard < len(reported.issues) / 10
    intake = stack.databases["intake"]
    assert await value(intake, "SELECT count(*) FROM issues") == before + len(reported.issues)
    await _check_numbers(intake)
    assigned = await fetch(
        intake,
        "SELECT issue_id, count(*) AS times FROM timeline WHERE command = 'assign'"
        " AND issue_id = ANY($1::uuid[]) GROUP BY issue_id",
        list(reported.issues),
    )
    assert {str(row["issue_id"]) for row in assigned} == reported.issues.keys()
    assert {row["times"] for row in assigned} == {1}
    await _check_messages(stack, reported)
    for service in stack.databases:
        dead = await RabbitDeadLetters(stack.amqp_url).list(service)
        assert not dead, [(letter.type, letter.reason) for letter in dead]


async def _check_numbers(intake: str) -> None:
    rows = await fetch(intake, "SELECT no FROM issues ORDER BY no")
    days: dict[str, list[int]] = {}
    for row in rows:
        day, _, number = row["no"].rpartition("-")
        days.setdefault(day, []).append(int(number))
    for day, numbers in days.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), f"{day}: a gap or a double"


async def _check_messages(stack: Stack, reported: Reported) -> None:
    rows = await fetch(
        stack.databases["notify"],
        "SELECT subject, type, count(*) AS times FROM messages WHERE subject = ANY($1::text[])"
        " GROUP BY subject, type",
        [f"issue/{id}" for id in reported.issues],
    )
    assert {row["times"] for row in rows} == {1}
    told: dict[str, set[str]] = {}
    for row in rows:
        told.setdefault(row["subject"], set()).add(row["type"])
    assert all(types == TOLD for types in told.values())
    assert len(told) == len(reported.issues)
    arrived = {message["data"].get("issue_no") for message in stack.book.inbox.messages}
    assert arrived >= set(reported.issues.values())
