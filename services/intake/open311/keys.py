"""API keys of Open311 clients: shown once, kept as hashes, gone at once when revoked."""

from collections.abc import Sequence

from sqlalchemy import select

from services.intake.open311.models import ClientKey
from shared.auth import ApiKey, Caller, CallerKind, new_api_key
from shared.errors import Absent, Unauthorized
from shared.service import Work

# The subject of a caller that holds such a key; what follows is the client.
PREFIX = "open311:"


async def issue_key(work: Work, client: str, label: str) -> tuple[ClientKey, str]:
    """Make a key for the client and return it with its text, which is not kept anywhere."""
    made = new_api_key()
    key = ClientKey(
        key_id=made.key_id,
        client=client,
        label=label,
        secret_hash=made.secret_hash,
        created_at=work.now,
        created_by=work.actor().subject,
        revoked_at=None,
    )
    work.session.add(key)
    return key, made.text


async def list_keys(work: Work) -> Sequence[ClientKey]:
    """All keys, the newest first."""
    query = select(ClientKey).order_by(ClientKey.created_at.desc(), ClientKey.key_id)
    return (await work.session.scalars(query)).all()


async def revoke_key(work: Work, key_id: str) -> ClientKey:
    """Make the key worthless from the next request on; revoking it again changes nothing."""
    key = await work.session.get(ClientKey, key_id)
    if key is None:
        raise Absent(f"there is no key {key_id}")
    key.revoked_at = key.revoked_at or work.now
    return key


async def identify_key(work: Work, presented: ApiKey) -> Caller:
    """The client that the key stands for. Raises `Unauthorized`, alike for every way of being wrong.

    Such a caller has no role: what a key is for is Open311, and no other door opens to it.
    """
    key = await work.session.get(ClientKey, presented.key_id)
    if key is None or not presented.matches(key.secret_hash) or key.revoked_at is not None:
        raise Unauthorized("the API key is wrong or has been revoked; ask the community for a new one")
    return Caller(subject=f"{PREFIX}{key.client}", unit=key.client, kind=CallerKind.PARTNER)


def is_client(caller: Caller) -> bool:
    """Whether the caller came with a key of Open311."""
    return caller.kind is CallerKind.PARTNER and caller.subject.startswith(PREFIX)
