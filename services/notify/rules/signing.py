"""Standard Webhooks 1.0.0, scheme v1: HMAC-SHA256 over `{id}.{timestamp}.{body}`, byte for byte."""

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "whsec_"
SCHEME = "v1,"
# The specification asks for 24 to 64 random bytes.
SECRET_BYTES = 32


def new_secret() -> str:
    """Make a secret in the form that every Standard Webhooks library reads."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key inside a secret. Raises ValueError for text that is not base64 in the standard alphabet."""
    try:
        return b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64") from error


def sign(keys: Sequence[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one entry a key, single spaces between, as strict readers want it."""
    return " ".join(SCHEME + b64encode(_digest(key, webhook_id, timestamp, body)).decode() for key in keys)


def is_signed(keys: Sequence[bytes], header: str, webhook_id: str, timestamp: int, body: bytes) -> bool:
    """Whether one of the entries was made with one of the keys; entries of other schemes are passed over.

    Every entry is held against every key in constant time, so that the time taken tells nothing.
    """
    found = False
    wanted = [_digest(key, webhook_id, timestamp, body) for key in keys]
    for entry in header.split():
        given = _decoded(entry)
        for digest in wanted:
            found |= hmac.compare_digest(given, digest)
    return found


def _decoded(entry: str) -> bytes:
    if not entry.startswith(SCHEME):
        return b""
    try:
        return b64decode(entry.removeprefix(SCHEME), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _digest(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> bytes:
    return hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, sha256)
