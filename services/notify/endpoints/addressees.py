"""What the sender knows of every endpoint: where it is, how long it may take, and the keys that sign."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.models import Endpoint, Secret
from services.notify.rules.signing import SigningKey, key_of, signing_key_of
from services.notify.rules.states import EndpointState, Ordering


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """An endpoint, as read a moment ago; `is_called` says that messages are sent to it now."""

    id: UUID
    url: str
    timeout_s: float
    max_concurrency: int
    rate_per_min: int | None
    ordering: Ordering
    is_called: bool
    keys: tuple[SigningKey, ...] = field(repr=False)


class Directory:
    """Every endpoint by its id; secrets are deciphered once."""

    def __init__(self) -> None:
        self.endpoints: Mapping[UUID, Addressee] = {}
        self._keys: dict[UUID, SigningKey] = {}

    async def read(self, session: AsyncSession, now: datetime) -> None:
        """Read them anew."""
        keys = await self._live_keys(session, now)
        self.endpoints = {
            endpoint.id: Addressee(
                id=endpoint.id,
                url=endpoint.url,
                timeout_s=endpoint.timeout_s,
                max_concurrency=endpoint.max_concurrency,
                rate_per_min=endpoint.rate_per_min,
                ordering=Ordering(endpoint.ordering),
                is_called=endpoint.state == EndpointState.active,
                keys=tuple(keys.get(endpoint.id, ())),
            )
            for endpoint in await session.scalars(select(Endpoint))
        }

    async def _live_keys(self, session: AsyncSession, now: datetime) -> dict[UUID, list[SigningKey]]:
        """The keys in force of every endpoint, the newest first."""
        query = select(Secret.id, Secret.owner_id).join(Endpoint, Endpoint.id == Secret.owner_id)
        rows = (await session.execute(query.where(_in_force(now)).order_by(Secret.id.desc()))).all()
        unread = [row.id for row in rows if row.id not in self._keys]
        known = {row.id: self._keys[row.id] for row in rows if row.id in self._keys}
        if unread:
            secrets = await session.execute(select(Secret.id, Secret.secret).where(Secret.id.in_(unread)))
            known |= {row.id: signing_key_of(row.secret) for row in secrets}
        self._keys = known
        keys: dict[UUID, list[SigningKey]] = {}
        for row in rows:
            if row.id in known:
                keys.setdefault(row.owner_id, []).append(known[row.id])
        return keys


async def live_keys_of(session: AsyncSession, owner_id: UUID, now: datetime) -> list[bytes]:
    """The secrets in force of a source, the newest first."""
    query = select(Secret).where(Secret.owner_id == owner_id, _in_force(now)).order_by(Secret.id.desc())
    return [key_of(secret.secret) for secret in await session.scalars(query)]


def _in_force(now: datetime) -> ColumnElement[bool]:
    return or_(Secret.expires_at.is_(None), Secret.expires_at > now)
