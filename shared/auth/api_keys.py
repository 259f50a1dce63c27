"""API keys: `slk_<id>_<secret>`, of which only a hash of the secret is ever stored.

The secret is 32 random bytes, so a plain SHA-256 is enough: a slow hash guards what can be
guessed, and this cannot.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from shared.errors import Unauthorized

_SECRET_BYTES = 32
# Tells a key from a token, and secret scanners whose it is.
_MARK = "slk_"
_KEY = re.compile(_MARK + r"(?P<id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made: `text` is shown once and never stored, `key_id` and `secret_hash` are."""

    text: str = field(repr=False)
    key_id: str
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as a caller presented it: well formed, not yet known to be right."""

    key_id: str
    secret: bytes = field(repr=False)

    def matches(self, secret_hash: bytes) -> bool:
        """Compare with the stored hash in constant time."""
        return hmac.compare_digest(hash_secret(self.secret), secret_hash)


def new_api_key() -> NewApiKey:
    """Make a key of 256 random bits."""
    key_id, secret = secrets.token_hex(8), secrets.token_bytes(_SECRET_BYTES)
    encoded = urlsafe_b64encode(secret).rstrip(b"=").decode()
    return NewApiKey(f"{_MARK}{key_id}_{encoded}", key_id, hash_secret(secret))


def is_api_key(text: str) -> bool:
    """Whether credentials are meant as a key, well formed or not."""
    return text.startswith(_MARK)


def parse_api_key(text: str) -> ApiKey:
    """Take a presented key apart; anything that is not of our making raises Unauthorized."""
    found = _KEY.fullmatch(text)
    if found is None:
        raise Unauthorized(f"The API key is not well formed: expected {_MARK}<id>_<secret>")
    return ApiKey(found["id"], urlsafe_b64decode(found["secret"] + "="))


def hash_secret(secret: bytes) -> bytes:
    """Return the 32 bytes that are stored in place of the secret."""
    return sha256(secret).digest()
