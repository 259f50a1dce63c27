"""Deliveries for people to look at, and to send again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from services.notify.deliveries.courier import Courier
from services.notify.endpoints.commands import find_endpoint
from services.notify.listing import inside, last_seen
from services.notify.models import Attempt, Delivery, Endpoint, Message
from services.notify.rules.states import DeliveryState, EndpointState, Trigger
from shared.errors import Absent, IllegalTransition
from shared.service import Work
from shared.web import Page

HELD = "held"
# What is on its way already need not be sent again.
REPLAYABLE = (DeliveryState.succeeded, DeliveryState.exhausted, DeliveryState.cancelled)


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery with its message and endpoint; `state` says held where it waits for its endpoint."""

    delivery: Delivery
    message: Message
    endpoint: Endpoint

    @property
    def state(self) -> str:
        waits = self.delivery.state == DeliveryState.pending and self.delivery.trigger != Trigger.test
        return HELD if waits and self.endpoint.state != EndpointState.active else self.delivery.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which deliveries to list; None asks for all."""

    endpoint_id: UUID | None = None
    state: str | None = None
    type: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Deliveries of messages that came to be from `since` up to and without `until`."""

    since: datetime
    until: datetime
    states: tuple[DeliveryState, ...]
    types: tuple[str, ...] = ()


async def list_deliveries(work: Work, which: Which, page: Page[str]) -> list[Shown]:
    """The deliveries in the caller's areas, the newest first, one more than the page holds."""
    query = (
        select(Delivery, Message, Endpoint)
        .join(Message, Message.id == Delivery.message_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(inside(Endpoint.area_code, work.areas()), *_conditions(which))
        .order_by(Delivery.id.desc())
        .limit(page.limit + 1)
    )
    before = last_seen(page)
    if before is not None:
        query = query.where(Delivery.id < before)
    return [Shown(*row) for row in await work.session.execute(query)]


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.endpoint_id is not None:
        conditions.append(Delivery.endpoint_id == which.endpoint_id)
    if which.type is not None:
        conditions.append(Message.type == which.type)
    if which.subject is not None:
        conditions.append(Message.subject == which.subject)
    if which.state == HELD:
        conditions += [
            Delivery.state == DeliveryState.pending,
            Delivery.trigger != Trigger.test,
            Endpoint.state != EndpointState.active,
        ]
    elif which.state is not None:
        conditions.append(Delivery.state == which.state)
    return conditions


async def find_delivery(work: Work, delivery_id: UUID) -> tuple[Shown, Sequence[Attempt]]:
    """One delivery with all its attempts, the first first. Raises Absent and Forbidden."""
    shown = await _find(work, delivery_id)
    query = select(Attempt).where(Attempt.delivery_id == delivery_id).order_by(Attempt.n, Attempt.id)
    return shown, (await work.session.scalars(query)).all()


async def replay_delivery(work: Work, delivery_id: UUID) -> Shown:
    """Send once more, from the start of the schedule, under the same id. Raises IllegalTransition."""
    shown = await _find(work, delivery_id, to_change=True)
    delivery = shown.delivery
    if delivery.state not in REPLAYABLE:
        raise IllegalTransition(f"the delivery is {shown.state}: it goes out by itself", allowed=[])
    _restart(delivery, work)
    await work.session.flush()
    work.afterwards.append(work.part(Courier).wake)
    return shown


def _restart(delivery: Delivery, work: Work) -> None:
    delivery.state = DeliveryState.pending
    if delivery.trigger != Trigger.test:
        delivery.trigger = Trigger.manual
    delivery.step, delivery.next_at, delivery.finished_at = 0, work.now, None


async def skip_delivery(work: Work, delivery_id: UUID) -> Shown:
    """Give a delivery up, so that those behind it need not wait for it. Raises IllegalTransition."""
    shown = await _find(work, delivery_id, to_change=True)
    if shown.delivery.state != DeliveryState.pending:
        raise IllegalTransition(
            f"the delivery is {shown.state}: only one that waits can be skipped", allowed=[]
        )
    shown.delivery.state, shown.delivery.finished_at = DeliveryState.cancelled, work.now
    await work.session.flush()
    work.afterwards.append(work.part(Courier).wake)
    return shown


async def replay_span(work: Work, endpoint_id: UUID, span: Span, *, is_trial: bool) -> int:
    """Send a span of deliveries of one endpoint once more; a trial only counts them."""
    await find_endpoint(work, endpoint_id)
    messages = select(Message.id).where(Message.stored_at >= span.since, Message.stored_at < span.until)
    if span.types:
        messages = messages.where(Message.type.in_(span.types))
    chosen = (
        Delivery.endpoint_id == endpoint_id,
        Delivery.state.in_(span.states),
        Delivery.trigger != Trigger.test,
        Delivery.message_id.in_(messages),
    )
    if is_trial:
        return await work.session.scalar(select(func.count()).select_from(Delivery).where(*chosen)) or 0
    values = {
        "state": DeliveryState.pending,
        "trigger": Trigger.manual,
        "step": 0,
        "next_at": work.now,
        "finished_at": None,
    }
    again = update(Delivery).where(*chosen).values(values).returning(Delivery.id)
    count = len((await work.session.scalars(again)).all())
    work.afterwards.append(work.part(Courier).wake)
    return count


async def _find(work: Work, delivery_id: UUID, *, to_change: bool = False) -> Shown:
    query = (
        select(Delivery, Message, Endpoint)
        .join(Message, Message.id == Delivery.message_id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(Delivery.id == delivery_id)
    )
    row = (
        await work.session.execute(query.with_for_update(of=Delivery) if to_change else query)
    ).one_or_none()
    if row is None:
        raise Absent(f"there is no delivery {delivery_id}")
    shown = Shown(*row)
    work.permit(shown.endpoint.area_code)
    return shown
