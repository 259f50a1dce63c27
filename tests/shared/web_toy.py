"""A small service on the web for the kernel's tests: it has one endpoint of every kind."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Column, Integer, String, Table, Uuid, insert, select, text, update

from shared import bulk
from shared.auth import ApiKey, Caller, Role
from shared.db import new_metadata
from shared.errors import Absent, IllegalTransition, Invalid, Refused, Unauthorized
from shared.idempotency import Answer
from shared.runtime import Plan
from shared.service import Service, Work
from shared.settings import ServiceSettings
from shared.web import (
    Grouped,
    GroupedRoute,
    Paging,
    RequestWork,
    Scope,
    WorkRoute,
    allow,
    allow_anyone,
    page_of,
    versioned,
)
from shared.web.edge import claim_of, replayed
from tests.shared.toys import AREA, located

metadata = new_metadata()
notes = Table(
    "notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("text", String(500), unique=True),
    Column("state", String, nullable=False, server_default="open"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("position", Integer),
)
# A rule that the database checks only when the transaction commits, where it can.
DEFERRED = "ALTER TABLE notes ADD CONSTRAINT late UNIQUE (position) DEFERRABLE INITIALLY DEFERRED"

router = APIRouter(route_class=WorkRoute)
Worker = Annotated[Caller, allow(Role.GRID_WORKER, area=Scope.record)]
Lister = Annotated[Caller, allow(Role.GRID_WORKER, area=Scope.list)]


class Point(BaseModel):
    """A place."""

    longitude: float
    latitude: float


class NoteIn(BaseModel):
    """A note, with some things that may be wrong with it."""

    text: Annotated[str, Field(min_length=1)]
    position: int | None = None
    points: tuple[Point, ...] = ()


class NoteOut(BaseModel):
    """A note as it stands."""

    id: UUID
    text: str
    state: str
    version: int

    @classmethod
    def of(cls, row: object) -> Self:
        """Read a row."""
        return cls.model_validate(row, from_attributes=True)


async def row_of(work: Work, id: UUID) -> NoteOut:
    """Find a note, and lock it."""
    row = (await work.session.execute(select(notes).where(notes.c.id == id).with_for_update())).one_or_none()
    if row is None:
        raise Absent(f"there is no note {id}")
    return NoteOut.of(row)


@router.post("/notes", status_code=201)
async def write(body: NoteIn, work: RequestWork, caller: Worker, response: Response) -> NoteOut:
    work.permit(AREA)
    if body.text == "refused":
        raise Refused("not that word")
    if body.text == "broken":
        raise LookupError("secret detail")
    id = uuid4()
    await work.session.execute(insert(notes).values(id=id, text=body.text, position=body.position))
    work.emit(located(body.text, id=id))
    response.headers["Location"] = f"/grid/v1/notes/{id}"
    versioned(response, 1)
    return await row_of(work, id)


@router.post("/notes/{id}/close")
async def close(id: UUID, work: RequestWork, caller: Worker, response: Response) -> NoteOut:
    work.permit(AREA)
    note = await row_of(work, id)
    work.expect(note.version)
    if note.state != "open":
        raise IllegalTransition("it is closed", allowed=["reopen"])
    changed = {"state": "closed", "version": note.version + 1}
    await work.session.execute(update(notes).where(notes.c.id == id).values(changed))
    versioned(response, note.version + 1)
    return await row_of(work, id)


@router.get("/notes")
async def find(
    request: Request, response: Response, work: RequestWork, caller: Lister, page: Paging
) -> list[NoteOut]:
    work.areas()
    query = select(notes).order_by(notes.c.text).limit(page.limit + 1)
    if page.after is not None:
        query = query.where(notes.c.text > page.after[0])
    rows = [NoteOut.of(row) for row in await work.session.execute(query)]
    return page_of(request, response, rows, page, lambda note: (note.text,))


@router.get("/public")
async def public(caller: Annotated[Caller, allow_anyone()]) -> dict[str, bool]:
    return {"known": caller.is_known}


@router.post("/anywhere")
async def anywhere(caller: Annotated[Caller, allow(Role.OPERATOR, area=Scope.everywhere)]) -> dict[str, str]:
    return {"subject": caller.subject}


@router.post("/forgetful")
async def forgetful(work: RequestWork, caller: Worker) -> None:
    await work.session.execute(insert(notes).values(id=uuid4(), text="forgetful"))


@router.get("/silent")
async def silent(work: RequestWork) -> None:
    pass


@router.post("/slow", openapi_extra={"x-max-body-bytes": 64})
async def slow(work: RequestWork, caller: Worker, request: Request) -> dict[str, int]:
    work.permit(AREA)
    return {"bytes": len(await request.body())}


@router.get("/late")
async def late(work: RequestWork, caller: Annotated[Caller, allow_anyone()]) -> None:
    await work.session.execute(text("SELECT 1"))
    raise ConnectionRefusedError("the database hung up")


class HotIn(BaseModel):
    """An item of the hot use case."""

    text: str


async def take_all(work: Work, items: Sequence[tuple[HotIn, Caller]]) -> list[Answer]:
    await asyncio.sleep(0.01)
    for item, _ in items:
        if item.text == "refused":
            raise Invalid("not that word")
        if item.text == "away":
            raise ConnectionRefusedError("away")
    await bulk.insert(work.session, notes, [{"id": uuid4(), "text": item.text} for item, _ in items])
    groups.append(len(items))
    body = [orjson.dumps({"text": item.text, "group": len(items)}) for item, _ in items]
    return [Answer(201, {"content-type": "application/json"}, one) for one in body]


groups: list[int] = []
grouped = Grouped(take_all, most=20)
hot = APIRouter(route_class=GroupedRoute)


@hot.post("/hot", status_code=201)
async def take(
    body: HotIn, caller: Annotated[Caller, allow(Role.GRID_WORKER, area=Scope.everywhere)], request: Request
) -> Response:
    answer, repeated = await grouped.submit(
        request.app.state.host, body, caller, await claim_of(request, caller)
    )
    if repeated:
        return replayed(answer)
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


async def identify_key(work: Work, key: ApiKey) -> Caller:
    """Know one key."""
    await work.session.execute(text("SELECT 1"))
    if key.key_id != "0123456789abcdef":
        raise Unauthorized("no such key")
    return Caller("unit-1", frozenset({Role.OPERATOR, Role.GRID_WORKER}), (AREA[:12],))


KEY = f"slk_0123456789abcdef_{'A' * 43}"
PLAN = Plan(Service("grid", metadata), ServiceSettings, identify_key=identify_key)
ROUTERS = (router, hot)
