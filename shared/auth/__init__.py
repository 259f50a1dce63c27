"""Who is calling, what they may do and where: callers, tokens of people, API keys of units and offices."""

from shared.auth.api_keys import ApiKey, NewApiKey, hash_secret, is_api_key, new_api_key, parse_api_key
from shared.auth.callers import ANONYMOUS, Caller, CallerKind, Role
from shared.auth.jwks import KeySet, KeySource, RemoteKeys, key_id, public_jwk
from shared.auth.tokens import (
    ClaimNames,
    TokenVerifier,
    TrustedIssuer,
    issue_token,
    key_text,
    read_public_key,
    read_signing_key,
)

__all__ = [
    "ANONYMOUS",
    "ApiKey",
    "Caller",
    "CallerKind",
    "ClaimNames",
    "KeySet",
    "KeySource",
    "NewApiKey",
    "RemoteKeys",
    "Role",
    "TokenVerifier",
    "TrustedIssuer",
    "hash_secret",
    "is_api_key",
    "issue_token",
    "key_id",
    "key_text",
    "new_api_key",
    "parse_api_key",
    "public_jwk",
    "read_public_key",
    "read_signing_key",
]
