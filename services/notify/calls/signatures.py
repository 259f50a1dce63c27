"""Whether a call was signed by the office in whose name it comes: asked before anything of it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from services.notify.endpoints.addressees import live_keys_of
from services.notify.models import Source
from services.notify.rules.signing import is_signed
from shared.errors import Absent, Unauthorized
from shared.service import Work

TOLERANCE = timedelta(seconds=300)
LONGEST_ID = 255


class SignatureMissing(Unauthorized):
    """One of the three headers is not there, or is not what it should be."""

    type, title = "signature-missing", "The call is not signed"


class SignatureInvalid(Unauthorized):
    """No secret in force made that signature over that body."""

    type, title = "signature-invalid", "The signature does not fit"


class OutOfTime(Unauthorized):
    """The call is older or newer than five minutes: perhaps somebody recorded it."""

    type, title = "timestamp-out-of-range", "The timestamp is too far from now"


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A call as it came in: who, under which id, and the very bytes."""

    source: Source
    webhook_id: str
    body: bytes


async def authenticate(work: Work, code: str, headers: Mapping[str, str], body: bytes) -> SignedCall:
    """Hold the signature against the source's secrets, before anything of the body is read.

    Raises Absent for an unknown source, and Unauthorized in one of three kinds.
    """
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signature = headers.get("webhook-signature", "")
    if not (webhook_id and signature) or len(webhook_id) > LONGEST_ID or not webhook_id.isprintable():
        raise SignatureMissing("send webhook-id, webhook-timestamp and webhook-signature")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureMissing("webhook-timestamp must be whole seconds since 1970")
    if abs(work.now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise OutOfTime(f"it is now {int(work.now.timestamp())}; sign anew with the time of the attempt")
    source = await work.session.scalar(select(Source).where(Source.code == code))
    if source is None:
        raise Absent(f"there is no source {code[:64]}")
    keys = await live_keys_of(work.session, source.id, work.now)
    if not is_signed(keys, signature, webhook_id, int(timestamp), body):
        raise SignatureInvalid("sign id.timestamp.body with your secret by Standard Webhooks, scheme v1")
    return SignedCall(source, webhook_id, body)
