"""The database is the only schedule: what is due is claimed under a lease, by whoever is free to send it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, TextClause, and_, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.notify.deliveries.jobs import Job
from services.notify.endpoints.fares import RUNTIMES
from services.notify.models import DUE, TESTS, Delivery, Endpoint, Message, table_of
from services.notify.rules.states import Breaker, DeliveryState, EndpointState, Ordering, Trigger
from shared.db import straight

_DELIVERIES, _ENDPOINTS, _MESSAGES = table_of(Delivery), table_of(Endpoint), table_of(Message)
_UNFINISHED = (DeliveryState.pending, DeliveryState.leased)

# Of a subject only the first message that is not done goes out, where its endpoint wants it so.
_IN_TURN = (
    " AND NOT EXISTS (SELECT 1 FROM messages mine"
    " JOIN messages before ON before.subject = mine.subject"
    "  AND (before.sequence, before.id) < (mine.sequence, mine.id)"
    " JOIN deliveries first ON first.message_id = before.id AND first.endpoint_id = g.endpoint_id"
    "  AND first.state IN ('pending', 'leased')"
    " WHERE mine.id = deliveries.message_id)"
)
# The oldest due deliveries of each endpoint up to its own bound, by one index look-up an endpoint: a dead
# endpoint with a long backlog costs the others nothing.
_CLAIM = (
    "WITH due AS ("
    " SELECT d.id, g.lease_until FROM unnest($1::uuid[], $2::int[], $3::timestamptz[])"
    "  AS g(endpoint_id, bound, lease_until)"
    " JOIN endpoints e ON e.id = g.endpoint_id AND e.state = 'active'"
    "  AND (e.ready_at IS NULL OR e.ready_at <= $4)"
    " LEFT JOIN endpoint_runtime r ON r.endpoint_id = g.endpoint_id"
    " CROSS JOIN LATERAL ("
    "  SELECT id FROM deliveries WHERE endpoint_id = g.endpoint_id"
    "  AND state = 'pending' AND trigger <> 'test' AND next_at <= $4{in_turn}"
    "  ORDER BY next_at, id LIMIT g.bound FOR UPDATE SKIP LOCKED) d"
    " WHERE coalesce(r.breaker, 'closed') = 'closed'"
    " LIMIT $5"
    ") UPDATE deliveries SET state = 'leased', lease_token = $6, lease_until = due.lease_until"
    " FROM due, messages m WHERE deliveries.id = due.id AND m.id = deliveries.message_id"
    " RETURNING deliveries.id, deliveries.message_id, deliveries.endpoint_id, deliveries.trigger,"
    " deliveries.attempts, deliveries.step, deliveries.next_at, deliveries.lease_until, m.type, m.body"
)
_STATEMENTS = {
    Ordering.none: _CLAIM.format(in_turn=""),
    Ordering.subject: _CLAIM.format(in_turn=_IN_TURN),
}


# The columns of a job without its token, in their order: the driver's own rows are read by it.
_Row = tuple[UUID, UUID, UUID, str, int, int, datetime, datetime, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one endpoint may get now: at most `bound` deliveries, leased until then."""

    endpoint_id: UUID
    bound: int
    lease_s: float
    ordering: Ordering = Ordering.none


async def claim(session: AsyncSession, shares: Sequence[Share], most: int, now: datetime) -> list[Job]:
    """Lease the oldest due deliveries of each endpoint up to its bound, and at most so many in all."""
    jobs: list[Job] = []
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for ordering in Ordering:
        mine = [share for share in shares if share.ordering == ordering]
        left = most - len(jobs)
        if mine and left > 0 and is_sqlite:
            jobs += await _claim_one_by_one(session, mine, left, now)
        elif mine and left > 0:
            jobs += await _claim_at_once(session, _STATEMENTS[ordering], mine, left, now)
    return jobs


async def _claim_at_once(
    session: AsyncSession, statement: str, shares: Sequence[Share], most: int, now: datetime
) -> list[Job]:
    token = uuid4()
    binds = (
        [share.endpoint_id for share in shares],
        [share.bound for share in shares],
        [now + timedelta(seconds=share.lease_s) for share in shares],
        now,
        most,
        token,
    )
    return [_job(row, token) for row in await straight(session, statement, binds)]


async def is_something_due(session: AsyncSession, now: datetime) -> bool:
    """Whether it is worth claiming; on SQLite an empty claim would still stop all who write."""
    for condition in (DUE, TESTS):
        query = select(_DELIVERIES.c.id).where(condition, _DELIVERIES.c.next_at <= now).limit(1)
        if await session.scalar(query) is not None:
            return True
    return False


async def claim_tests(session: AsyncSession, most: int, lease_s: float, now: datetime) -> list[Job]:
    """Lease test messages, which go out to endpoints in any state."""
    due = _oldest(TESTS, now, most)
    ids = (await session.scalars(due)).all()
    return await _lease(session, ids, now + timedelta(seconds=lease_s))


async def claim_probes(session: AsyncSession, leases_s: Mapping[UUID, float], now: datetime) -> list[Job]:
    """Lease the oldest delivery of each endpoint that has rested, and let no other through meanwhile."""
    table = RUNTIMES
    rested = (
        select(table.c.endpoint_id)
        .join(_ENDPOINTS, _ENDPOINTS.c.id == table.c.endpoint_id)
        .where(table.c.breaker != Breaker.closed, table.c.breaker_until <= now, _is_open(now))
        .with_for_update(of=table, skip_locked=True)
    )
    jobs: list[Job] = []
    for endpoint_id in (await session.scalars(rested)).all():
        until = now + timedelta(seconds=leases_s.get(endpoint_id, 0.0))
        oldest = _oldest(and_(_DELIVERIES.c.endpoint_id == endpoint_id, DUE), now, 1)
        mine = await _lease(session, (await session.scalars(oldest)).all(), until, probe=True)
        if mine:
            half = {"breaker": Breaker.half, "breaker_until": until}
            await session.execute(update(table).where(table.c.endpoint_id == endpoint_id).values(half))
        jobs += mine
    return jobs


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(
        _ENDPOINTS.c.state == EndpointState.active,
        or_(_ENDPOINTS.c.ready_at.is_(None), _ENDPOINTS.c.ready_at <= now),
    )


def _oldest(condition: ColumnElement[bool] | TextClause, now: datetime, most: int) -> Select[UUID]:
    table = _DELIVERIES
    return (
        select(table.c.id)
        .where(condition, table.c.next_at <= now)
        .order_by(table.c.next_at, table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


async def _claim_one_by_one(
    session: AsyncSession, shares: Sequence[Share], most: int, now: datetime
) -> list[Job]:
    # One connection writes on SQLite, so nobody can come between these statements.
    jobs: list[Job] = []
    resting = select(RUNTIMES.c.endpoint_id).where(RUNTIMES.c.breaker != Breaker.closed)
    active = select(_ENDPOINTS.c.id).where(_is_open(now), _ENDPOINTS.c.id.not_in(resting))
    open_now = set((await session.scalars(active)).all())
    for share in shares:
        bound = min(share.bound, most - len(jobs))
        if share.endpoint_id in open_now and bound > 0:
            due = _oldest(and_(_DELIVERIES.c.endpoint_id == share.endpoint_id, DUE), now, bound)
            if share.ordering == Ordering.subject:
                due = due.where(~_overtaken(share.endpoint_id))
            ids = (await session.scalars(due)).all()
            jobs += await _lease(session, ids, now + timedelta(seconds=share.lease_s))
    return jobs


def _overtaken(endpoint_id: UUID) -> ColumnElement[bool]:
    mine, before, first = aliased(Message), aliased(Message), aliased(Delivery)
    return (
        select(first.id)
        .join(before, before.id == first.message_id)
        .join(mine, mine.subject == before.subject)
        .where(
            mine.id == _DELIVERIES.c.message_id,
            tuple_(before.sequence, before.id) < tuple_(mine.sequence, mine.id),
            first.endpoint_id == endpoint_id,
            first.state.in_(_UNFINISHED),
        )
        .correlate(_DELIVERIES)
        .exists()
    )


async def _lease(
    session: AsyncSession, ids: Sequence[UUID], until: datetime, *, probe: bool = False
) -> list[Job]:
    if not ids:
        return []
    table, token = _DELIVERIES, uuid4()
    values = {"state": DeliveryState.leased, "lease_token": token, "lease_until": until}
    await session.execute(update(table).where(table.c.id.in_(ids)).values(values))
    chosen = [table.c[name] for name in ("id", "message_id", "endpoint_id", "trigger", "attempts", "step")]
    chosen += [table.c.next_at, table.c.lease_until, _MESSAGES.c.type, _MESSAGES.c.body]
    query = select(*chosen).join(_MESSAGES, _MESSAGES.c.id == table.c.message_id).where(table.c.id.in_(ids))
    rows = await session.execute(query.order_by(table.c.next_at, table.c.id))
    return [_job(tuple(row), token, probe=probe) for row in rows]


def _job(row: _Row, token: UUID, *, probe: bool = False) -> Job:
    id, message_id, endpoint_id, trigger, attempts, step, next_at, lease_until, type, body = row
    held = (id, message_id, endpoint_id, Trigger(trigger), attempts, step, next_at, lease_until, token)
    return Job(*held, type, body, probe)
