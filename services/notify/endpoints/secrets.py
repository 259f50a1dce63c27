"""Signing secrets: shown once, encrypted at rest, and replaced with an overlap."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from services.notify.models import Secret
from services.notify.rules.signing import new_key_pair, new_secret
from services.notify.rules.states import Scheme
from shared.service import Work

# The old secret signs beside the new one for so long, unless the caller says otherwise.
OVERLAP = timedelta(hours=24)
MOST_LIVE = 3


async def add_secret(work: Work, owner_id: UUID, scheme: Scheme = Scheme.v1) -> str:
    """Make a secret for an endpoint or a source, and return what its owner verifies with.

    For v1 that is the secret itself, and this its only readable copy; for v1a it is the public key.
    """
    secret, public = new_key_pair() if scheme is Scheme.v1a else (new_secret(), None)
    work.session.add(Secret(owner_id=owner_id, secret=secret, public_key=public, created_at=work.now))
    await work.session.flush()
    return public or secret


async def rotate_secret(
    work: Work, owner_id: UUID, overlap: timedelta = OVERLAP, scheme: Scheme = Scheme.v1
) -> str:
    """Make a new secret and let those before it end after `overlap`; of more than three the oldest end now.

    The owner's row must be locked by the caller, so that two rotations come one after the other.
    """
    ends = work.now + overlap
    sooner = Secret.expires_at.is_(None) | (Secret.expires_at > ends)
    await work.session.execute(
        update(Secret).where(Secret.owner_id == owner_id, sooner).values(expires_at=ends)
    )
    live = select(Secret.id).where(Secret.owner_id == owner_id, Secret.expires_at > work.now)
    older = (await work.session.scalars(live.order_by(Secret.id.desc()))).all()[MOST_LIVE - 1 :]
    await work.session.execute(update(Secret).where(Secret.id.in_(older)).values(expires_at=work.now))
    return await add_secret(work, owner_id, scheme)


async def public_keys(work: Work, endpoint_id: UUID | None) -> Sequence[str]:
    """The public keys in force of one endpoint, or of all, the newest first."""
    in_force = or_(Secret.expires_at.is_(None), Secret.expires_at > work.now)
    query = select(Secret.public_key).where(Secret.public_key.is_not(None), in_force)
    if endpoint_id is not None:
        query = query.where(Secret.owner_id == endpoint_id)
    return [key for key in await work.session.scalars(query.order_by(Secret.id.desc())) if key is not None]
