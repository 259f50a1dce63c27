"""The public keys that tokens are verified with: a JWKS document (RFC 7517), given or fetched."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.clock import Clock
from shared.errors import Busy

# Never `none`, and never HMAC: with a public key as its secret anybody could sign (RFC 8725, section 3.1).
ALGORITHMS_OF_KEY: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("OKP", "Ed25519"): ("EdDSA",),
    ("EC", "P-256"): ("ES256",),
    ("RSA", None): ("RS256", "PS256"),
}
ALGORITHMS = frozenset(name for names in ALGORITHMS_OF_KEY.values() for name in names)
_SMALLEST_RSA_BITS = 2048


class KeySource(Protocol):
    """Where the key of a token is looked up."""

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the key of that id, bound to that algorithm, or None where there is none."""
        ...


class KeySet:
    """The usable keys of one JWKS document; encryption keys, weak keys and unknown kinds are left out."""

    def __init__(self, document: object) -> None:
        self._keys = {(kid, key.algorithm_name): key for kid, key in _usable_keys(document)}

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the key; a token that names none gets the only one there is for its algorithm."""
        return self.look_up(kid, algorithm)

    def look_up(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Do the same without waiting."""
        if kid is not None:
            return self._keys.get((kid, algorithm))
        fitting = [key for (_, name), key in self._keys.items() if name == algorithm]
        return fitting[0] if len(fitting) == 1 else None


class RemoteKeys:
    """The keys of an OpenID provider, fetched when first needed, when a kid is unknown, and once in an hour.

    `fetch` returns the parsed document, or raises OSError where the provider cannot be reached. It is called
    at most once in `pause`, so that tokens with invented kids cannot make us flood the provider.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[object]],
        clock: Clock,
        *,
        pause: timedelta = timedelta(seconds=60),
        fresh_for: timedelta = timedelta(hours=1),
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._pause = pause
        self._fresh_for = fresh_for
        self._keys = KeySet({})
        self._asked_at: datetime | None = None
        self._loaded_at: datetime | None = None
        self._failure: OSError | None = None
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the key; raise Busy where only the provider could know, and it does not answer."""
        found = self._keys.look_up(kid, algorithm)
        if found is None or self._is_stale():
            await self._refresh()
            # A provider that is down for an hour does not lock everybody out: the keys we hold stay good.
            found = self._keys.look_up(kid, algorithm)
            if found is None and self._failure is not None:
                raise Busy("The signing keys cannot be fetched right now") from self._failure
        return found

    def _is_stale(self) -> bool:
        return self._loaded_at is None or self._clock.now() - self._loaded_at >= self._fresh_for

    async def _refresh(self) -> None:
        async with self._lock:
            now = self._clock.now()
            if self._asked_at is not None and now - self._asked_at < self._pause:
                return
            self._asked_at = now
            try:
                self._keys = KeySet(await self._fetch())
            except OSError as error:
                self._failure = error
            else:
                self._failure, self._loaded_at = None, now


def public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """Describe a public key as a JWK whose `kid` is its thumbprint (RFC 7638)."""
    raw = _base64url(key.public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key_id(key), "x": raw}


def key_id(key: Ed25519PublicKey) -> str:
    """Return the thumbprint of the key, which two parties reckon alike without an agreement."""
    raw = _base64url(key.public_bytes_raw())
    return _base64url(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{raw}"}}'.encode()).digest())


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _usable_keys(document: object) -> Iterator[tuple[str | None, jwt.PyJWK]]:
    entries = document.get("keys") if isinstance(document, Mapping) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        kid = entry.get("kid")
        for algorithm in _algorithms_of(entry):
            key = _parsed(entry, algorithm)
            if key is not None:
                yield (kid if isinstance(kid, str) else None), key


def _algorithms_of(entry: Mapping[str, object]) -> tuple[str, ...]:
    kty, crv, alg = entry.get("kty"), entry.get("crv"), entry.get("alg")
    if not isinstance(kty, str) or not (crv is None or isinstance(crv, str)):
        return ()
    allowed = ALGORITHMS_OF_KEY.get((kty, crv), ())
    return allowed if alg is None else tuple(name for name in allowed if name == alg)


def _parsed(entry: dict[str, object], algorithm: str) -> jwt.PyJWK | None:
    """One broken key must not cost us the others, so it is left out as an unknown kind would be."""
    try:
        key = jwt.PyJWK(entry, algorithm)
    except jwt.PyJWTError:
        return None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < _SMALLEST_RSA_BITS:
        return None
    return key
