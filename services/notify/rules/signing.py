"""Standard Webhooks 1.0.0: what is signed is `{id}.{timestamp}.{body}`, byte for byte.

Scheme v1 is HMAC-SHA256 with a secret that both sides know, v1a is ed25519 with a key pair of ours.
"""

import binascii
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PREFIX, PRIVATE_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"
SCHEME, ASYMMETRIC_SCHEME = "v1,", "v1a,"
# The specification asks for 24 to 64 random bytes.
SECRET_BYTES = 32
_HALF = 32

SigningKey = bytes | Ed25519PrivateKey


def new_secret() -> str:
    """Make a secret in the form that every Standard Webhooks library reads."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key inside a secret. Raises ValueError for text that is not base64 in the standard alphabet."""
    try:
        return b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64") from error


def new_key_pair() -> tuple[str, str]:
    """Make a key pair, as texts: the private one (which holds the public half too), the public one."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    both = private.private_bytes_raw() + public
    return PRIVATE_PREFIX + b64encode(both).decode(), PUBLIC_PREFIX + b64encode(public).decode()


def public_bytes_of(public_key: str) -> bytes:
    """The 32 bytes of a public key in its text form."""
    return b64decode(public_key.removeprefix(PUBLIC_PREFIX), validate=True)


def signing_key_of(secret: str) -> SigningKey:
    """What a stored secret signs with. Raises ValueError for text that is neither kind of secret."""
    if not secret.startswith(PRIVATE_PREFIX):
        return key_of(secret)
    try:
        both = b64decode(secret.removeprefix(PRIVATE_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a private key is whsk_ and base64") from error
    return Ed25519PrivateKey.from_private_bytes(both[:_HALF])


def sign(keys: Sequence[SigningKey], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one entry a key, single spaces between, as strict readers want it.

    Entries of v1 come first: readers that know nothing else stumble over none of the others on the way.
    """
    content = _content(webhook_id, timestamp, body)
    if len(keys) == 1 and isinstance(keys[0], bytes):
        return SCHEME + b64encode(hmac.digest(keys[0], content, sha256)).decode()
    entries = [
        SCHEME + b64encode(hmac.digest(key, content, sha256)).decode()
        if isinstance(key, bytes)
        else ASYMMETRIC_SCHEME + b64encode(key.sign(content)).decode()
        for key in sorted(keys, key=lambda key: not isinstance(key, bytes))
    ]
    return " ".join(entries)


def is_signed(keys: Sequence[bytes], header: str, webhook_id: str, timestamp: int, body: bytes) -> bool:
    """Whether one of the entries was made with one of the keys; entries of other schemes are passed over.

    Every entry is held against every key in constant time, so that the time taken tells nothing.
    """
    found = False
    content = _content(webhook_id, timestamp, body)
    wanted = [hmac.digest(key, content, sha256) for key in keys]
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


def _content(webhook_id: str, timestamp: int, body: bytes) -> bytes:
    return f"{webhook_id}.{timestamp}.".encode() + body
