"""What became of claimed deliveries is recorded, and the deliveries of a lost sender are taken back.

A lease has a token. Whoever lost the lease, because it slept past it, no longer has the token and changes
nothing; so two senders never both decide about one delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.notify.deliveries.jobs import Job
from services.notify.models import LEASED, Attempt, Delivery, table_of
from services.notify.rules.health import Call
from services.notify.rules.states import DeliveryState
from shared import bulk
from shared.bulk import Row
from shared.db import straight

_DELIVERIES, _ATTEMPTS = table_of(Delivery), table_of(Attempt)
LOST = "lost"
SWEPT_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a delivery that we held."""

    job: Job
    state: DeliveryState
    attempts: int
    step: int
    next_at: datetime
    status: int | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt; without `attempt` the delivery was given back untried.

    `pause` asks to leave the endpoint alone until then, `disable` to do so for good and says why; `verified`
    shows that it works. `call` is how the endpoint answered, unless that says nothing of it.
    """

    change: Change
    attempt: Row | None = None
    call: Call | None = None
    pause: datetime | None = None
    disable: str | None = None
    verified: bool = False


# Columns go in as arrays: the plan stays the same for any number of rows.
_NAMES = ("held", "token", "to_state", "to_attempts", "to_step", "to_next_at", "to_status", "to_finished_at")
_RECORD = (
    "UPDATE deliveries SET state = to_state, attempts = to_attempts, step = to_step, next_at = to_next_at,"
    " last_status = to_status, finished_at = to_finished_at, lease_token = NULL, lease_until = NULL"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::int[], $6::timestamptz[], $7::int[],"
    " $8::timestamptz[])"
    " AS became(held, token, to_state, to_attempts, to_step, to_next_at, to_status, to_finished_at)"
    " WHERE id = held AND lease_token = token"
)


async def record(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Write down what became of deliveries, each only while our lease on it stands."""
    # In one order for all, so that two senders cannot wait for each other's rows.
    rows = [_row(change) for change in sorted(changes, key=lambda change: change.job.id.int)]
    if not rows:
        return
    if session.get_bind().dialect.name != "sqlite":
        await straight(session, _RECORD, [list(column) for column in zip(*rows, strict=True)])
        return
    table = _DELIVERIES
    statement = (
        update(table)
        .where(table.c.id == bindparam("held"), table.c.lease_token == bindparam("token"))
        .values(
            state=bindparam("to_state"),
            attempts=bindparam("to_attempts"),
            step=bindparam("to_step"),
            next_at=bindparam("to_next_at"),
            last_status=bindparam("to_status"),
            finished_at=bindparam("to_finished_at"),
            lease_token=None,
            lease_until=None,
        )
    )
    await session.execute(statement, [dict(zip(_NAMES, row, strict=True)) for row in rows])


def _row(change: Change) -> tuple[object, ...]:
    job = change.job
    return (
        job.id,
        job.token,
        change.state.value,
        change.attempts,
        change.step,
        change.next_at,
        change.status,
        change.finished_at,
    )


async def has_expired(session: AsyncSession, now: datetime) -> bool:
    """Whether some lease ran out."""
    query = select(_DELIVERIES.c.id).where(LEASED, _DELIVERIES.c.lease_until < now).limit(1)
    return await session.scalar(query) is not None


async def recover(session: AsyncSession, now: datetime) -> int:
    """Take back deliveries whose lease ran out, because their sender was killed or frozen; say how many.

    Whether the receiver got it nobody knows, so it counts as a try and is made again at once.
    """
    table = _DELIVERIES
    expired = (
        select(table.c.id)
        .where(LEASED, table.c.lease_until < now)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.scalars(expired)).all()
    if not ids:
        return 0
    back = (
        update(table)
        .where(table.c.id.in_(ids))
        .values(
            state=DeliveryState.pending,
            next_at=now,
            attempts=table.c.attempts + 1,
            lease_token=None,
            lease_until=None,
        )
        .returning(table.c.id, table.c.attempts, table.c.trigger)
    )
    rows = (await session.execute(back)).all()
    await bulk.insert(session, _ATTEMPTS, [_lost(row.id, row.attempts, row.trigger, now) for row in rows])
    return len(rows)


def _lost(delivery_id: UUID, n: int, trigger: str, now: datetime) -> Row:
    return {
        "id": uuid7(),
        "delivery_id": delivery_id,
        "n": n,
        "trigger": trigger,
        "started_at": now,
        "error_class": LOST,
    }
