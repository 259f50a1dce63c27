"""The edge: committed before the answer leaves, refused with a document, repeated without a second effect."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import insert, select, text
from starlette.types import Message

from shared.auth import Role
from shared.clock import FakeClock
from shared.db import Database
from shared.testing import Stage, staged
from tests.conftest import EMBEDDED, Footing
from tests.shared.toys import NOW
from tests.shared.web_toy import DEFERRED, KEY, PLAN, ROUTERS, notes

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def stage(footing: Footing) -> AsyncIterator[Stage]:
    url = footing.database_url("grid")
    async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW), pool_size=25) as made:
        yield made


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client(Role.GRID_WORKER, areas=("620102014006",)) as made:
        yield made


async def texts(stage: Stage) -> list[str]:
    database = Database(stage.runtime.settings.database_url)
    async with database.reading() as session:
        found = list(await session.scalars(select(notes.c.text).order_by(notes.c.text)))
    await database.close()
    return found


def assert_problem(answer: httpx.Response, status: int, type: str) -> dict[str, object]:
    """Hold a refusal to RFC 9457, and return its members."""
    members: dict[str, object] = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert members["type"] in {type, f"urn:sanlian:problem:{type}"}
    assert (members["status"], members["instance"]) == (status, answer.request.url.path)
    assert members["title"]
    return members


async def write(client: httpx.AsyncClient, word: str, **headers: str) -> httpx.Response:
    return await client.post("/notes", json={"text": word}, headers=headers)


async def test_who_reads_created_finds_the_row_from_another_connection(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    answer = await write(client, "lamp")
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/grid/v1/notes/{answer.json()['id']}"
    assert await texts(stage) == ["lamp"]
    (event,) = await stage.emitted()
    assert str(event.snapshot.id) == answer.json()["id"]


async def test_a_commit_that_fails_is_answered_as_a_failure(
    stage: Stage, client: httpx.AsyncClient, footing: Footing
) -> None:
    async with stage.runtime.database.transaction() as session:
        if footing.name == EMBEDDED:
            # SQLite defers foreign keys only, so a table that points nowhere stands in.
            await session.execute(text("CREATE TABLE away (id INTEGER PRIMARY KEY)"))
            await session.execute(
                text("CREATE TABLE strict (n INTEGER REFERENCES away(id) DEFERRABLE INITIALLY DEFERRED)")
            )
            await session.execute(
                text("CREATE TRIGGER late AFTER INSERT ON notes BEGIN INSERT INTO strict VALUES (5); END")
            )
        else:
            await session.execute(insert(notes), [{"id": "0" * 32, "text": "first", "position": 1}])
            await session.execute(text(DEFERRED))
    answer = await client.post("/notes", json={"text": "second", "position": 1})
    assert_problem(answer, 500, "internal")
    assert "second" not in await texts(stage)
    assert await stage.emitted() == []


async def test_a_fault_of_ours_tells_the_caller_nothing_of_our_inside(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    answer = await write(client, "broken")
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert await texts(stage) == []


async def test_a_database_that_is_away_is_answered_with_try_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/late")
    assert_problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "1"


async def test_each_field_that_is_wrong_is_named(client: httpx.AsyncClient) -> None:
    body = {"text": "", "points": [{"longitude": 1, "latitude": 2}, {"longitude": "x"}]}
    members = assert_problem(await client.post("/notes", json=body), 422, "invalid")
    errors = members["errors"]
    assert isinstance(errors, list)
    assert [one["field"] for one in errors] == ["text", "points.1.longitude", "points.1.latitude"]
    assert all(one["message"] for one in errors)


@pytest.mark.parametrize("path", ["/notes", "/hot"])
@pytest.mark.parametrize("body", [b'{"text": ', b"", b"[]", b'"text"', b"\xff", b'{"text": "\\ud800"}'])
async def test_a_body_that_is_no_json_object_is_refused(
    client: httpx.AsyncClient, path: str, body: bytes
) -> None:
    answer = await client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(not one["field"].isdigit() for one in answer.json().get("errors", []))


@pytest.mark.parametrize(("path", "statuses"), [("/notes", {415, 422}), ("/hot", {415})])
async def test_a_body_of_another_media_type_is_refused(
    client: httpx.AsyncClient, path: str, statuses: set[int]
) -> None:
    answer = await client.post(path, content=b"text=lamp", headers={"content-type": "text/plain"})
    assert answer.status_code in statuses
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_text_that_cannot_be_stored_is_refused_and_not_failed_on(
    client: httpx.AsyncClient, footing: Footing
) -> None:
    answer = await write(client, "a\0b")
    if footing.name == EMBEDDED:
        assert answer.status_code == 201
    else:
        assert_problem(answer, 422, "invalid")


async def test_unknown_paths_and_methods_have_their_documents(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nowhere"), 404, "not-found")
    answer = await client.delete("/notes")
    assert_problem(answer, 405, "about:blank")
    assert "GET" in answer.headers["allow"] or "POST" in answer.headers["allow"]
    assert_problem(await client.post("/notes/00000000-0000-0000-0000-000000000000/close"), 404, "not-found")


async def test_a_body_beyond_its_bound_is_refused_however_it_comes(client: httpx.AsyncClient) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 10

    for content in (b"x" * 100, stream()):
        assert_problem(await client.post("/slow", content=content), 413, "too-large")
    assert (await client.post("/slow", content=b"x" * 64)).json() == {"bytes": 64}
    assert_problem(await write(client, "x" * 300_000), 413, "too-large")


async def test_nobody_and_the_wrong_role_and_the_wrong_place_are_told_apart(stage: Stage) -> None:
    async with stage.client() as nobody:
        answer = await write(nobody, "lamp")
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await nobody.get("/public")).json() == {"known": False}
    async with stage.client(Role.RESIDENT) as resident:
        assert_problem(await write(resident, "lamp"), 403, "forbidden")
        assert (await resident.get("/public")).json() == {"known": True}
    async with stage.client(Role.GRID_WORKER, areas=("620102014007",)) as elsewhere:
        assert_problem(await write(elsewhere, "lamp"), 403, "forbidden")
    assert await texts(stage) == []


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer ", "Bearer not.a.token"])
async def test_credentials_that_are_none_are_refused(stage: Stage, header: str) -> None:
    async with stage.client() as client:
        answer = await client.get("/public", headers={"authorization": header})
        assert_problem(answer, 401, "unauthorized")


async def test_an_api_key_is_known_by_the_service_that_issued_it(stage: Stage) -> None:
    for key, status in ((KEY, 200), (KEY.replace("0", "f"), 401)):
        async with stage.client(key=key) as client:
            assert (await client.post("/anywhere")).status_code == status


async def test_an_endpoint_that_breaks_its_promise_of_a_check_does_nothing(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    assert_problem(await client.post("/forgetful"), 500, "internal")
    assert_problem(await client.get("/silent"), 500, "internal")
    assert await texts(stage) == []


async def test_a_rule_that_says_no_names_what_may_be_done_instead(client: httpx.AsyncClient) -> None:
    assert_problem(await write(client, "refused"), 409, "refused")
    id = (await write(client, "lamp")).json()["id"]
    assert (await client.post(f"/notes/{id}/close")).json()["state"] == "closed"
    members = assert_problem(await client.post(f"/notes/{id}/close"), 409, "illegal-transition")
    assert members["allowed"] == ["reopen"]


async def test_a_version_that_is_no_longer_current_is_refused(client: httpx.AsyncClient) -> None:
    id = (await write(client, "lamp")).json()["id"]
    path = f"/notes/{id}/close"
    for header in ("three", '"1", "2"', '"' + "1" * 30 + '"', '"-1"'):
        assert_problem(await client.post(path, headers={"if-match": header}), 422, "invalid")
    assert_problem(await client.post(path, headers={"if-match": '"2"'}), 412, "stale-version")
    answer = await client.post(path, headers={"if-match": 'W/"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (await client.post(path, headers={"if-match": "*"})).status_code == 409


async def test_a_repeated_request_gets_its_first_answer_whole(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    first = await write(client, "lamp", **{"idempotency-key": '"k-1"'})
    again = await write(client, "lamp", **{"idempotency-key": "k-1"})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for header in ("etag", "location", "content-type"):
        assert again.headers[header] == first.headers[header]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(await stage.emitted()) == 1


async def test_a_key_on_another_request_is_refused(client: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "k-1"}
    await write(client, "lamp", **key)
    assert_problem(await write(client, "road", **key), 422, "idempotency-key-reused")
    answer = await client.post("/notes?x=1", json={"text": "lamp"}, headers=key)
    assert_problem(answer, 422, "idempotency-key-reused")
    assert_problem(await write(client, "lamp", **{"idempotency-key": "a b"}), 422, "invalid")


async def test_callers_do_not_share_keys(stage: Stage, client: httpx.AsyncClient) -> None:
    await write(client, "lamp", **{"idempotency-key": "k-1"})
    async with stage.client(Role.GRID_WORKER, subject="u-2") as other:
        answer = await write(other, "road", **{"idempotency-key": "k-1"})
    assert answer.status_code == 201
    assert await texts(stage) == ["lamp", "road"]


async def test_a_refusal_is_not_kept_for_the_repetition(client: httpx.AsyncClient) -> None:
    id = (await write(client, "lamp")).json()["id"]
    headers = {"idempotency-key": "k-1", "if-match": '"5"'}
    assert (await client.post(f"/notes/{id}/close", headers=headers)).status_code == 412
    headers["if-match"] = '"1"'
    assert (await client.post(f"/notes/{id}/close", headers=headers)).status_code == 200


async def test_twenty_twins_have_one_effect_and_one_answer(stage: Stage, client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(write(client, "lamp", **{"idempotency-key": "k"}) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await texts(stage) == ["lamp"]
    assert len(await stage.emitted()) == 1


async def test_twins_of_a_command_all_hear_that_it_was_done(client: httpx.AsyncClient) -> None:
    id = (await write(client, "lamp")).json()["id"]
    headers = {"idempotency-key": "close", "if-match": '"1"'}
    answers = await asyncio.gather(*(client.post(f"/notes/{id}/close", headers=headers) for _ in range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}


async def test_a_rule_of_the_database_broken_without_a_key_is_no_success(
    stage: Stage, client: httpx.AsyncClient
) -> None:
    await write(client, "lamp")
    assert_problem(await write(client, "lamp"), 500, "internal")
    assert_problem(await write(client, "lamp", **{"idempotency-key": "k"}), 500, "internal")


async def test_a_trace_goes_from_the_request_into_the_event(stage: Stage, client: httpx.AsyncClient) -> None:
    await write(client, "lamp", traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    async with stage.runtime.database.reading() as session:
        body = await session.scalar(select(PLAN.service.outbox.c.body))
    assert f'"traceparent":"00-{TRACE}-'.encode() in (body or b"")


async def test_who_sends_slowly_holds_no_connection_meanwhile(footing: Footing) -> None:
    slowly = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"text": '
        await slowly.wait()
        yield b'"slow"}'

    url = footing.database_url("grid")
    async with (
        staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW), pool_size=1) as stage,
        stage.client(key=KEY) as client,
    ):
        json = {"content-type": "application/json"}
        slow = asyncio.create_task(client.post("/notes", content=stream(), headers=json))
        await asyncio.sleep(0.05)
        assert (await write(client, "quick")).status_code == 201
        slowly.set()
        assert (await slow).status_code == 201


async def test_who_hangs_up_before_the_end_leaves_nothing(stage: Stage) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/grid/v1/notes", "query_string": b"", "headers": [],
        "http_version": "1.1", "scheme": "http", "raw_path": b"/grid/v1/notes", "root_path": "",
        "server": ("test", 80), "client": ("test", 1),
    }  # fmt: skip
    await stage.app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert await texts(stage) == []
