"""The database is the only schedule: what is due is claimed under a lease, by whoever is free to send it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.models import DUE, TESTS, Delivery, Endpoint, Message, table_of
from services.notify.rules.slots import Grant
from services.notify.rules.states import DeliveryState, EndpointState, Trigger

_DELIVERIES, _ENDPOINTS = table_of(Delivery), table_of(Endpoint)

# The oldest due deliveries of each endpoint up to its own bound, by one index look-up an endpoint: a dead
# endpoint with a long backlog costs the others nothing.
_CLAIM = text(
    "WITH due AS ("
    " SELECT d.id, g.lease_until FROM unnest("
    "  CAST(:endpoints AS uuid[]), CAST(:bounds AS int[]), CAST(:leases AS timestamptz[])"
    " ) AS g(endpoint_id, bound, lease_until)"
    " JOIN endpoints e ON e.id = g.endpoint_id AND e.state = 'active'"
    "  AND (e.ready_at IS NULL OR e.ready_at <= :now)"
    " CROSS JOIN LATERAL ("
    "  SELECT id FROM deliveries WHERE endpoint_id = g.endpoint_id"
    "  AND state = 'pending' AND trigger <> 'test'"
    "  AND next_at <= :now ORDER BY next_at, id LIMIT g.bound FOR UPDATE SKIP LOCKED) d"
    " LIMIT :most"
    ") UPDATE deliveries SET state = 'leased', lease_token = :token, lease_until = due.lease_until"
    " FROM due, messages m WHERE deliveries.id = due.id AND m.id = deliveries.message_id"
    " RETURNING deliveries.id, deliveries.message_id, deliveries.endpoint_id, deliveries.trigger,"
    " deliveries.attempts, deliveries.step, deliveries.lease_until, m.body"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery under our lease; `attempts` were made before, `step` of them failed since the last start."""

    id: UUID
    message_id: UUID
    endpoint_id: UUID
    trigger: Trigger
    attempts: int
    step: int
    lease_until: datetime
    token: UUID
    body: bytes


async def claim(
    session: AsyncSession, grant: Grant, leases_s: Mapping[UUID, float], now: datetime, *, sqlite: bool
) -> list[Job]:
    """Lease the oldest due deliveries of each endpoint in the grant, for as long as `leases_s` says."""
    if not grant.each or not grant.most:
        return []
    if sqlite:
        return await _claim_one_by_one(session, grant, leases_s, now)
    token, endpoints = uuid4(), list(grant.each)
    binds = {
        "endpoints": endpoints,
        "bounds": [grant.each[id] for id in endpoints],
        "leases": [now + timedelta(seconds=leases_s[id]) for id in endpoints],
        "now": now,
        "most": grant.most,
        "token": token,
    }
    return [_job(row, token) for row in await session.execute(_CLAIM, binds)]


async def is_something_due(session: AsyncSession, now: datetime) -> bool:
    """Whether it is worth claiming; on SQLite an empty claim would still stop all who write."""
    table = _DELIVERIES
    for condition in (DUE, TESTS):
        query = select(table.c.id).where(condition, table.c.next_at <= now).limit(1)
        if await session.scalar(query) is not None:
            return True
    return False


async def claim_tests(session: AsyncSession, most: int, lease_s: float, now: datetime) -> list[Job]:
    """Lease test messages, which go out to endpoints in any state."""
    table = _DELIVERIES
    due = (
        select(table.c.id)
        .where(TESTS, table.c.next_at <= now)
        .order_by(table.c.next_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.scalars(due)).all()
    return await _lease(session, ids, now + timedelta(seconds=lease_s))


_Leased = tuple[UUID, UUID, UUID, str, int, int, datetime, bytes]


async def _claim_one_by_one(
    session: AsyncSession, grant: Grant, leases_s: Mapping[UUID, float], now: datetime
) -> list[Job]:
    # One connection writes on SQLite, so nobody can come between these statements.
    table, jobs = _DELIVERIES, list[Job]()
    ready = _ENDPOINTS.c.ready_at.is_(None) | (_ENDPOINTS.c.ready_at <= now)
    active = select(_ENDPOINTS.c.id).where(_ENDPOINTS.c.state == EndpointState.active, ready)
    open_now = set((await session.scalars(active)).all())
    for endpoint_id, bound in grant.each.items():
        if endpoint_id in open_now and len(jobs) < grant.most:
            due = (
                select(table.c.id)
                .where(
                    table.c.endpoint_id == endpoint_id,
                    DUE,
                    table.c.next_at <= now,
                )
                .order_by(table.c.next_at, table.c.id)
                .limit(min(bound, grant.most - len(jobs)))
            )
            ids = (await session.scalars(due)).all()
            jobs += await _lease(session, ids, now + timedelta(seconds=leases_s[endpoint_id]))
    return jobs


async def _lease(session: AsyncSession, ids: Sequence[UUID], until: datetime) -> list[Job]:
    if not ids:
        return []
    table, token = _DELIVERIES, uuid4()
    values = {"state": DeliveryState.leased, "lease_token": token, "lease_until": until}
    await session.execute(update(table).where(table.c.id.in_(ids)).values(values))
    chosen = (
        table.c.id,
        table.c.message_id,
        table.c.endpoint_id,
        table.c.trigger,
        table.c.attempts,
        table.c.step,
        table.c.lease_until,
        Message.body,
    )
    query = select(*chosen).join(Message, Message.id == table.c.message_id).where(table.c.id.in_(ids))
    return [_job(row, token) for row in await session.execute(query.order_by(table.c.next_at, table.c.id))]


def _job(row: Row[_Leased], token: UUID) -> Job:
    return Job(
        id=row.id,
        message_id=row.message_id,
        endpoint_id=row.endpoint_id,
        trigger=Trigger(row.trigger),
        attempts=row.attempts,
        step=row.step,
        lease_until=row.lease_until,
        token=token,
        body=row.body,
    )
