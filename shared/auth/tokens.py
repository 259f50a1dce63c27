"""Tokens of people: JWTs of any OpenID provider, or of our own sign-in, turned into a caller."""

import binascii
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.auth.callers import Caller, CallerKind, Role
from shared.auth.jwks import ALGORITHMS, KeySource, key_id
from shared.clock import Clock
from shared.errors import Unauthorized

_LONGEST_TOKEN = 8192
# A key that a provider withdraws stops working within this time even for tokens that we have seen.
_LONGEST_TRUST_S = 300.0
_KNOWN_ROLES = frozenset(Role)


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Under which claim a provider says what; a dot goes one level down, as in `realm_access.roles`."""

    roles: str = "roles"
    areas: str = "areas"
    unit: str = "unit"
    name: str = "name"
    kind: str = "kind"


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Somebody whose tokens we believe: its exact `iss`, the `aud` that means us, and its keys."""

    issuer: str
    audience: str
    keys: KeySource
    claims: ClaimNames = field(default=ClaimNames())


class TokenVerifier:
    """Verifies tokens, and remembers those it has verified so that a busy client is checked once."""

    def __init__(
        self,
        issuers: Iterable[TrustedIssuer],
        clock: Clock,
        *,
        leeway: timedelta = timedelta(seconds=30),
        remembered: int = 4096,
    ) -> None:
        self._issuers = {trusted.issuer: trusted for trusted in issuers}
        self._clock = clock
        self._leeway_s = leeway.total_seconds()
        self._remembered = remembered
        self._seen: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    async def verify(self, token: str) -> Caller:
        """Return who the token speaks for; anything wrong with it raises Unauthorized with the reason."""
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise Unauthorized("The token is not well formed")
        digest = sha256(token.encode()).digest()
        now = self._clock.now().timestamp()
        seen = self._seen.get(digest)
        if seen is not None and now < seen[1]:
            self._seen.move_to_end(digest)
            return seen[0]
        caller, expires = await self._check(token, now)
        self._seen[digest] = caller, min(expires, now + _LONGEST_TRUST_S)
        self._seen.move_to_end(digest)
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return caller

    async def _check(self, token: str, now: float) -> tuple[Caller, float]:
        try:
            header = jwt.get_unverified_header(token)
            unproven = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise Unauthorized("The token is not well formed") from error
        trusted = self._issuers.get(str(unproven.get("iss")))
        if trusted is None:
            raise Unauthorized("The token comes from an issuer that is not trusted here")
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise Unauthorized(f"The token must be signed with one of {', '.join(sorted(ALGORITHMS))}")
        key = await trusted.keys.find(kid, algorithm)
        if key is None:
            raise Unauthorized("The token is signed with a key that its issuer does not list")
        claims = _proven_claims(token, key, trusted)
        return _caller_of(claims, trusted.claims), self._expiry_of(claims, now)

    def _expiry_of(self, claims: Mapping[str, object], now: float) -> float:
        # PyJWT would read the machine's clock; ours is asked instead, so that tests can turn it.
        expires = _moment(claims, "exp", now)
        if now >= expires + self._leeway_s:
            raise Unauthorized("The token has expired")
        if max(_moment(claims, "nbf", now), _moment(claims, "iat", now)) > now + self._leeway_s:
            raise Unauthorized("The token is not valid yet")
        return expires + self._leeway_s


def issue_token(
    key: Ed25519PrivateKey, caller: Caller, trusted: TrustedIssuer, *, now: datetime, ttl: timedelta
) -> str:
    """Sign a token for a caller, as our own sign-in does; it verifies under the default claim names."""
    claims: dict[str, object] = {
        "iss": trusted.issuer,
        "aud": trusted.audience,
        "sub": caller.subject,
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        "roles": sorted(caller.roles),
        "areas": list(caller.areas),
        "kind": caller.kind.value,
    }
    optional = {"unit": caller.unit, "name": caller.name}
    claims.update({name: value for name, value in optional.items() if value is not None})
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": key_id(key.public_key())})


def read_signing_key(text: str) -> Ed25519PrivateKey:
    """Read a private Ed25519 key from base64 of its 32 bytes; anything else raises ValueError."""
    return Ed25519PrivateKey.from_private_bytes(_raw_key(text))


def read_public_key(text: str) -> Ed25519PublicKey:
    """Read a public Ed25519 key from base64 of its 32 bytes; anything else raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(_raw_key(text))


def key_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Write a key so that `read_signing_key` or `read_public_key` reads it back."""
    raw = key.private_bytes_raw() if isinstance(key, Ed25519PrivateKey) else key.public_bytes_raw()
    return b64encode(raw).decode()


def _raw_key(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("An Ed25519 key is base64 of 32 bytes") from error


def _proven_claims(token: str, key: jwt.PyJWK, trusted: TrustedIssuer) -> Mapping[str, object]:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=trusted.audience,
            issuer=trusted.issuer,
            options={
                "require": ["exp", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidSignatureError as error:
        raise Unauthorized("The token's signature is wrong") from error
    except jwt.InvalidAudienceError as error:
        raise Unauthorized("The token is meant for somebody else") from error
    except jwt.PyJWTError as error:
        raise Unauthorized(f"The token cannot be used: {error}") from error


def _caller_of(claims: Mapping[str, object], names: ClaimNames) -> Caller:
    roles = _KNOWN_ROLES.intersection(_texts(claims, names.roles))
    try:
        return Caller(
            subject=str(claims["sub"]),
            roles=frozenset(Role(name) for name in roles),
            areas=tuple(_texts(claims, names.areas)),
            unit=_text(claims, names.unit),
            name=_text(claims, names.name),
            kind=CallerKind(_text(claims, names.kind) or CallerKind.PERSON),
        )
    except ValueError as error:
        raise Unauthorized(f"The token's claims cannot be used: {error}") from error


def _moment(claims: Mapping[str, object], name: str, default: float) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthorized(f"The token's {name} is not a number")
    return float(value)


def _claim(claims: Mapping[str, object], path: str) -> object:
    """A claim whose own name holds dots (a URL, with some providers) is found before a nested one."""
    if path in claims:
        return claims[path]
    head, _, rest = path.partition(".")
    inner = claims.get(head)
    return _claim(cast(Mapping[str, object], inner), rest) if rest and isinstance(inner, Mapping) else None


def _text(claims: Mapping[str, object], path: str) -> str | None:
    value = _claim(claims, path)
    if value is None or isinstance(value, str):
        return value
    raise Unauthorized(f"The token's {path} is not a text")


def _texts(claims: Mapping[str, object], path: str) -> list[str]:
    value = _claim(claims, path)
    if value is None:
        return []
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise Unauthorized(f"The token's {path} is not a list of texts")
