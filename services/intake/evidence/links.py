"""Links that open one file until they expire, for whoever has them: signed, so that nobody can make one."""

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

from services.intake.models import VAULT
from services.intake.settings import IntakeSettings

# HMAC-SHA256 under a key that follows from the master keys, bound to this purpose like any blind index.
_PURPOSE = "intake.evidence.link"


def link_to(settings: IntakeSettings, evidence_id: UUID, expires_at: datetime) -> str:
    """The address of one file until that moment, in whole seconds."""
    expires = int(expires_at.timestamp())
    signature = _text(VAULT.keyring.blind_index(_PURPOSE, _signed(evidence_id, expires)))
    base = settings.public_url.rstrip("/")
    return f"{base}/intake/v1/evidence/{evidence_id}?expires={expires}&signature={signature}"


def is_ours(evidence_id: UUID, expires: int, signature: str) -> bool:
    """Whether we signed it, under any key that is still on the ring. Compares in constant time."""
    given = signature.encode(errors="replace")
    made = VAULT.keyring.blind_indexes(_PURPOSE, _signed(evidence_id, expires))
    return any(hmac.compare_digest(_text(one).encode(), given) for one in made)


def has_expired(expires: int, now: datetime) -> bool:
    """A link is good up to its second, and no longer."""
    return now.astimezone(UTC).timestamp() >= expires


def _signed(evidence_id: UUID, expires: int) -> str:
    return f"{evidence_id}.{expires}"


def _text(signature: bytes) -> str:
    return urlsafe_b64encode(signature).decode().rstrip("=")
