"""Group commit: many requests, one transaction, and each its own answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from shared.auth import Caller, Role
from shared.clock import FakeClock
from shared.idempotency import Claim
from shared.testing import Stage, staged
from shared.web import Grouped, GroupedRoute, RequestWork, Scope, allow
from tests.conftest import Footing
from tests.shared.toys import NOW
from tests.shared.web_toy import KEY, PLAN, ROUTERS, HotIn, groups, notes, take_all


@pytest.fixture
async def stage(footing: Footing) -> AsyncIterator[Stage]:
    url = footing.database_url("grid")
    async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW), pool_size=15) as made:
        groups.clear()
        yield made


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client(Role.GRID_WORKER) as made:
        yield made


async def send(client: httpx.AsyncClient, word: str, key: str | None = None) -> httpx.Response:
    headers = {} if key is None else {"idempotency-key": key}
    return await client.post("/hot", json={"text": word}, headers=headers)


async def texts(stage: Stage) -> set[str]:
    async with stage.runtime.database.reading() as session:
        return set(await session.scalars(select(notes.c.text)))


async def test_requests_of_one_moment_share_a_transaction(stage: Stage, client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(send(client, str(n)) for n in range(60)))
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json()["text"] for answer in answers] == [str(n) for n in range(60)]
    assert await texts(stage) == {str(n) for n in range(60)}
    assert max(groups) <= 20
    assert len(groups) < 60


async def test_one_that_is_refused_hurts_none_of_the_others(stage: Stage, client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(send(client, word) for word in ("a", "refused", "b", "c")))
    assert [answer.status_code for answer in answers] == [201, 422, 201, 201]
    assert answers[1].headers["content-type"] == "application/problem+json"
    assert await texts(stage) == {"a", "b", "c"}


async def test_one_that_breaks_a_rule_of_the_database_hurts_none_of_the_others(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    await send(client, "a")
    answers = await asyncio.gather(*(send(client, word) for word in ("b", "a", "c")))
    assert [answer.status_code for answer in answers] == [201, 500, 201]
    assert await texts(stage) == {"a", "b", "c"}


async def test_twins_in_one_group_have_one_effect(stage: Stage, client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(send(client, "a", "k") for _ in range(20)), send(client, "b"))
    assert {answer.status_code for answer in answers} == {201}
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 19
    assert len({answer.content for answer in answers[:20]}) == 1
    assert await texts(stage) == {"a", "b"}


async def test_a_repetition_and_a_reuse_within_a_group_are_told_apart(client: httpx.AsyncClient) -> None:
    await send(client, "a", "k")
    again, reused, other = await asyncio.gather(
        send(client, "a", "k"), send(client, "x", "k"), send(client, "b", "other")
    )
    assert (again.status_code, reused.status_code, other.status_code) == (201, 422, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert reused.json()["type"].endswith("idempotency-key-reused")


async def test_twins_at_two_replicas_have_one_effect(stage: Stage) -> None:
    caller, claim = Caller("u-1"), Claim("person:u-1", "k", b"the same request")
    replicas = [Grouped(take_all) for _ in range(2)]
    item = HotIn(text="twin")
    answers = await asyncio.gather(*(one.submit(stage.host, item, caller, claim) for one in replicas))
    assert sorted(repeated for _, repeated in answers) == [False, True]
    assert answers[0][0] == answers[1][0]


async def test_a_client_that_has_gone_hurts_nobody(stage: Stage, client: httpx.AsyncClient) -> None:
    gone = [asyncio.create_task(send(client, f"gone {n}")) for n in range(5)]
    kept = [asyncio.create_task(send(client, f"kept {n}")) for n in range(5)]
    await asyncio.sleep(0.005)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert {answer.status_code for answer in await asyncio.gather(*kept)} == {201}
    assert {f"kept {n}" for n in range(5)} <= await texts(stage)


async def test_a_group_of_which_everybody_has_gone_is_nothing_to_do(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    first = asyncio.create_task(send(client, "first"))
    await asyncio.sleep(0.005)
    rest = [asyncio.create_task(send(client, f"gone {n}")) for n in range(3)]
    await asyncio.sleep(0)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    assert (await first).status_code == 201
    assert (await send(client, "last")).status_code == 201


async def test_who_has_gone_hears_of_no_fault_either(stage: Stage, client: httpx.AsyncClient) -> None:
    gone = asyncio.create_task(send(client, "away"))
    await asyncio.sleep(0.005)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert (await send(client, "a")).status_code == 201


async def test_a_database_that_is_away_refuses_a_whole_group_at_once(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(send(client, word) for word in ("a", "away", "b")))
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert answers[1].status_code == 503
    assert await texts(stage) == {answer.json()["text"] for answer in answers if answer.status_code == 201}


async def test_what_a_grouped_route_refuses_it_refuses_as_any_other(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/hot", json={"text": 5})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "text")
    async with stage.client() as nobody:
        assert (await send(nobody, "a")).status_code == 401
    async with stage.client(Role.RESIDENT) as resident:
        assert (await send(resident, "a")).status_code == 403
    assert (await send(client, "x" * 300_000)).status_code == 413
    assert await texts(stage) == set()


async def test_callers_known_by_the_database_do_not_starve_the_group_of_connections(footing: Footing) -> None:
    url = footing.database_url("grid")
    async with (
        staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW), pool_size=1) as stage,
        stage.client(key=KEY) as client,
    ):
        answers = await asyncio.gather(*(send(client, str(n)) for n in range(10)))
    assert {answer.status_code for answer in answers} == {201}


class Another(BaseModel):
    """A second body."""


async def without_caller(body: HotIn) -> None: ...


async def with_two_bodies(
    body: HotIn, more: Another, caller: Annotated[Caller, allow(Role.OPERATOR, area=Scope.everywhere)]
) -> None: ...


async def with_work(body: HotIn, work: RequestWork) -> None: ...


async def with_text(body: HotIn, text: str) -> None: ...


@pytest.mark.parametrize("endpoint", [without_caller, with_two_bodies, with_work, with_text])
def test_a_grouped_route_refuses_an_endpoint_that_it_could_not_serve(endpoint: object) -> None:
    router = APIRouter(route_class=GroupedRoute)
    with pytest.raises(TypeError, match=r"grouped route|must take one body"):
        router.post("/x")(endpoint)  # type: ignore[type-var]
