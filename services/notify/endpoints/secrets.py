"""Signing secrets: shown once, encrypted at rest, and replaced with an overlap."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from services.notify.models import Secret
from services.notify.rules.signing import new_secret
from shared.service import Work

# The old secret signs beside the new one for so long, unless the caller says otherwise.
OVERLAP = timedelta(hours=24)
MOST_LIVE = 3


async def add_secret(work: Work, owner_id: UUID) -> str:
    """Make a secret for an endpoint or a source, and return the only readable copy."""
    text = new_secret()
    work.session.add(Secret(owner_id=owner_id, secret=text, created_at=work.now))
    await work.session.flush()
    return text


async def rotate_secret(work: Work, owner_id: UUID, overlap: timedelta = OVERLAP) -> str:
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
    return await add_secret(work, owner_id)
