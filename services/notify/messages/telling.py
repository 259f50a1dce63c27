"""Messages come to be: each event that somebody asked for is written down once, with a delivery for each."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.notify.models import Delivery, Endpoint, table_of
from services.notify.models import Message as MessageRow
from services.notify.rules.feeds import TEST, Feed, feed_of, name_of, types_told_as, write, write_test
from services.notify.rules.filters import Filter
from services.notify.rules.states import DeliveryState, Trigger
from services.notify.rules.subjects import Subject, subject_of
from services.notify.settings import NotifySettings
from shared import bulk
from shared.bulk import Row
from shared.events import Event
from shared.service import Work

_MESSAGES, _DELIVERIES, _ENDPOINTS = table_of(MessageRow), table_of(Delivery), table_of(Endpoint)


def webhook_id(message_id: UUID) -> str:
    """The id that receivers know a message by; it holds no full stop, as the specification asks."""
    return f"msg_{message_id.hex}"


async def asked_for(work: Work) -> frozenset[str]:
    """The types of our events of which some endpoint would be told, whatever its state."""
    patterns = {pattern for _, wanted in await _filters(work) for pattern in wanted.events}
    return types_told_as(tuple(sorted(patterns)))


async def tell(events: Sequence[Event], work: Work) -> int:
    """Write a message for each event that somebody asked for, and its deliveries; say how many deliveries.

    An event that is here already gives nothing new. Endpoints that are not active get theirs too, to wait.
    """
    filters = await _filters(work)
    rows: dict[UUID, Row] = {}
    takers: dict[UUID, list[UUID]] = {}
    for event in events:
        feed = feed_of(event)
        if feed is None or (subject := subject_of(event, feed.type)) is None:
            continue
        mine = [endpoint_id for endpoint_id, wanted in filters if wanted.takes(subject.about)]
        if mine:
            event_id = work.envelope(event).id
            rows[event_id], takers[event_id] = _message(event, feed, subject, work), mine
    fresh: set[UUID] = await bulk.insert_new(work.session, _MESSAGES, list(rows.values()), key="event_id")
    deliveries = [
        _delivery(rows[event_id]["id"], endpoint_id, work)
        for event_id, mine in takers.items()
        if event_id in fresh
        for endpoint_id in mine
    ]
    await bulk.insert(work.session, _DELIVERIES, deliveries)
    return len(deliveries)


async def add_test(work: Work, endpoint: Endpoint) -> UUID:
    """Write a test message for one endpoint, whatever its state; returns the delivery's id."""
    message_id = uuid7()
    settings = work.part(NotifySettings)
    body = write_test(
        endpoint.area_code, webhook_id=webhook_id(message_id), at=work.now, public_url=settings.public_url
    )
    message = {
        "id": message_id,
        # A test tells of no event; it stands for itself.
        "event_id": message_id,
        "type": TEST,
        "subject": f"endpoint/{endpoint.id}",
        "sequence": 1,
        "area_code": endpoint.area_code,
        "occurred_at": work.now,
        "stored_at": work.now,
        "body": body,
    }
    delivery_id = uuid7()
    delivery = {
        **_delivery(message_id, endpoint.id, work),
        "id": delivery_id,
        "trigger": Trigger.test.value,
    }
    await bulk.insert(work.session, _MESSAGES, [message])
    await bulk.insert(work.session, _DELIVERIES, [delivery])
    return delivery_id


def _message(event: Event, feed: Feed, subject: Subject, work: Work) -> Row:
    message_id, envelope = uuid7(), work.envelope(event)
    body = write(
        event,
        feed,
        subject,
        webhook_id=webhook_id(message_id),
        occurred_at=envelope.occurred_at,
        public_url=work.part(NotifySettings).public_url,
    )
    return {
        "id": message_id,
        "event_id": envelope.id,
        "type": feed.type,
        "subject": name_of(event),
        "sequence": event.snapshot.version,
        "area_code": subject.about.area_code,
        "occurred_at": envelope.occurred_at,
        "stored_at": work.now,
        "body": body,
    }


def _delivery(message_id: object, endpoint_id: UUID, work: Work) -> Row:
    return {
        "id": uuid7(),
        "message_id": message_id,
        "endpoint_id": endpoint_id,
        "state": DeliveryState.pending.value,
        "trigger": Trigger.auto.value,
        "attempts": 0,
        "step": 0,
        "next_at": work.now,
    }


async def _filters(work: Work) -> list[tuple[UUID, Filter]]:
    if _filters in work.found:
        known: list[tuple[UUID, Filter]] = work.found[_filters]
        return known
    chosen = [
        _ENDPOINTS.c[name] for name in ("id", "events", "area_code", "categories", "urgencies", "offices")
    ]
    filters = [
        (
            row.id,
            Filter(
                tuple(row.events),
                row.area_code,
                tuple(row.categories),
                tuple(row.urgencies),
                tuple(row.offices),
            ),
        )
        for row in await work.session.execute(select(*chosen))
    ]
    work.found[_filters] = filters
    return filters
