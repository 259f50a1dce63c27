"""The door to what was sent: messages, deliveries with their attempts, and sending again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from services.notify.deliveries import replays as use_cases
from services.notify.deliveries.replays import REPLAYABLE, Shown, Span, Which
from services.notify.endpoints.routes import MANAGERS, Anyone, Manager
from services.notify.messages.history import list_messages
from services.notify.messages.telling import webhook_id
from services.notify.rules.feeds import Feed, told
from services.notify.rules.samples import example_of
from services.notify.rules.states import DeliveryState
from services.notify.settings import NotifySettings
from shared.auth import Caller
from shared.errors import Absent, Invalid
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of

router = APIRouter(tags=["deliveries"], route_class=WorkRoute)

Reader = Annotated[Caller, allow(*MANAGERS, area=Scope.list)]


class EventType(BaseModel):
    """A type to subscribe to, and the body that comes with it."""

    type: str
    description: str
    event: str
    pii: str
    example: object


class MessageView(BaseModel):
    """What was said; `webhook_id` is the id that receivers see."""

    webhook_id: str
    type: str
    subject: str
    sequence: int
    occurred_at: datetime
    body: object


class AttemptView(BaseModel):
    """One try; times in milliseconds."""

    n: int
    trigger: str
    started_at: datetime
    dns_ms: float | None
    connect_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None
    remote_ip: str | None
    worker: str | None
    status: int | None
    error_class: str | None
    response: str | None


class DeliveryView(BaseModel):
    """Where one message for one endpoint stands."""

    id: UUID
    webhook_id: str
    endpoint_id: UUID
    type: str
    subject: str
    state: str
    trigger: str
    attempts: int
    next_at: datetime | None
    last_status: int | None
    finished_at: datetime | None


class DeliveryWithAttempts(DeliveryView):
    """The whole history of a delivery."""

    history: list[AttemptView]


class Replay(BaseModel):
    """Which deliveries to send again; with `dry_run` they are only counted."""

    since: AwareDatetime
    until: AwareDatetime
    states: Annotated[list[DeliveryState], Field(min_length=1)] = [DeliveryState.exhausted]
    types: Annotated[list[str], Field(max_length=50)] = []
    dry_run: bool = False


class Replayed(BaseModel):
    """How many deliveries are (or would be) sent again."""

    count: int
    dry_run: bool


def _facts(shown: Shown) -> dict[str, object]:
    delivery = shown.delivery
    waits = delivery.state == DeliveryState.pending
    return {
        "id": delivery.id,
        "webhook_id": webhook_id(delivery.message_id),
        "endpoint_id": delivery.endpoint_id,
        "type": shown.message.type,
        "subject": shown.message.subject,
        "state": shown.state,
        "trigger": delivery.trigger,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at if waits else None,
        "last_status": delivery.last_status,
        "finished_at": delivery.finished_at,
    }


def _view(shown: Shown) -> DeliveryView:
    return DeliveryView.model_validate(_facts(shown))


def _type(feed: Feed, public_url: str) -> EventType:
    return EventType(
        type=feed.type,
        description=feed.description,
        event=feed.event.type,
        pii=feed.pii,
        example=example_of(feed, public_url),
    )


@router.get("/event-types", tags=["event types"], summary="All types, each with an example")
async def list_types(work: RequestWork, caller: Anyone) -> list[EventType]:
    public_url = work.part(NotifySettings).public_url
    return [_type(feed, public_url) for _, feed in sorted(told().items())]


@router.get("/event-types/{type}", tags=["event types"], summary="One type with an example")
async def show_type(type: str, work: RequestWork, caller: Anyone) -> EventType:
    feed = told().get(type)
    if feed is None:
        raise Absent(f"there is no type {type}")
    return _type(feed, work.part(NotifySettings).public_url)


@router.get("/messages", tags=["messages"], summary="What was said, the newest first")
async def messages(
    work: RequestWork,
    caller: Reader,
    page: Paging,
    request: Request,
    response: Response,
    *,
    type: str | None = None,
    subject: str | None = None,
) -> list[MessageView]:
    rows = await list_messages(work, page, type=type, subject=subject)
    return [
        MessageView(
            webhook_id=webhook_id(one.id),
            type=one.type,
            subject=one.subject,
            sequence=one.sequence,
            occurred_at=one.occurred_at,
            body=orjson.loads(one.body),
        )
        for one in page_of(request, response, rows, page, lambda one: (str(one.id),))
    ]


@router.get("/deliveries", summary="Deliveries to the endpoints in your areas, the newest first")
async def list_all(
    work: RequestWork,
    caller: Reader,
    page: Paging,
    request: Request,
    response: Response,
    *,
    endpoint_id: UUID | None = None,
    state: str | None = None,
    type: str | None = None,
    subject: str | None = None,
) -> list[DeliveryView]:
    which = Which(endpoint_id=endpoint_id, state=state, type=type, subject=subject)
    rows = await use_cases.list_deliveries(work, which, page)
    return [_view(one) for one in page_of(request, response, rows, page, lambda one: (str(one.delivery.id),))]


@router.get("/deliveries/{delivery_id}", summary="One delivery with all its attempts")
async def show(delivery_id: UUID, work: RequestWork, caller: Manager) -> DeliveryWithAttempts:
    shown, attempts = await use_cases.find_delivery(work, delivery_id)
    history = [AttemptView.model_validate(one, from_attributes=True) for one in attempts]
    return DeliveryWithAttempts.model_validate({**_facts(shown), "history": history})


@router.post("/deliveries/{delivery_id}/replay", status_code=202, summary="Send one delivery again")
async def replay(delivery_id: UUID, work: RequestWork, caller: Manager) -> DeliveryView:
    return _view(await use_cases.replay_delivery(work, delivery_id))


@router.post("/deliveries/{delivery_id}/skip", summary="Give one delivery up for the next")
async def skip(delivery_id: UUID, work: RequestWork, caller: Manager) -> DeliveryView:
    return _view(await use_cases.skip_delivery(work, delivery_id))


@router.post("/endpoints/{endpoint_id}/replay", status_code=202, summary="Send a span again, or count it")
async def replay_span(endpoint_id: UUID, wish: Replay, work: RequestWork, caller: Manager) -> Replayed:
    if not set(wish.states) <= set(REPLAYABLE):
        raise Invalid(f"states: only {', '.join(REPLAYABLE)} can be sent again")
    span = Span(since=wish.since, until=wish.until, states=tuple(wish.states), types=tuple(wish.types))
    count = await use_cases.replay_span(work, endpoint_id, span, is_trial=wish.dry_run)
    return Replayed(count=count, dry_run=wish.dry_run)
