"""What the sender knows of every endpoint: where it is, how long it may take, and the keys that sign."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.models import Endpoint, Secret
from services.notify.rules.signing import key_of
from services.notify.rules.states import EndpointState


@dataclass(frozen=True, slots=True)
class Addressee:
    """An endpoint, as read a moment ago; the newest key comes first."""

    id: UUID
    url: str
    timeout_s: float
    max_concurrency: int
    is_active: bool
    keys: tuple[bytes, ...] = field(repr=False)


async def live_keys(session: AsyncSession, now: datetime) -> dict[UUID, list[bytes]]:
    """The keys in force of every endpoint and source, the newest first."""
    keys: dict[UUID, list[bytes]] = {}
    for secret in await session.scalars(select(Secret).where(_in_force(now)).order_by(Secret.id.desc())):
        keys.setdefault(secret.owner_id, []).append(key_of(secret.secret))
    return keys


async def live_keys_of(session: AsyncSession, owner_id: UUID, now: datetime) -> list[bytes]:
    """The keys in force of one of them."""
    query = select(Secret).where(Secret.owner_id == owner_id, _in_force(now)).order_by(Secret.id.desc())
    return [key_of(secret.secret) for secret in await session.scalars(query)]


def _in_force(now: datetime) -> ColumnElement[bool]:
    return or_(Secret.expires_at.is_(None), Secret.expires_at > now)


async def addressees(session: AsyncSession, now: datetime) -> Mapping[UUID, Addressee]:
    """Every endpoint by its id."""
    keys = await live_keys(session, now)
    return {
        endpoint.id: Addressee(
            endpoint.id,
            endpoint.url,
            endpoint.timeout_s,
            endpoint.max_concurrency,
            endpoint.state == EndpointState.active,
            tuple(keys.get(endpoint.id, ())),
        )
        for endpoint in await session.scalars(select(Endpoint))
    }
