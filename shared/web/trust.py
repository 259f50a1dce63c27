"""Whose tokens a service believes, as its settings say."""

from pathlib import Path

import orjson

from shared.auth import (
    KeySet,
    KeySource,
    RemoteKeys,
    TokenVerifier,
    TrustedIssuer,
    public_jwk,
    read_public_key,
)
from shared.clock import Clock
from shared.http import OPERATOR_POLICY, HttpClient
from shared.settings import ServiceSettings


def verifier_of(settings: ServiceSettings, clock: Clock) -> TokenVerifier:
    """A verifier for the OpenID provider of the deployment and for the console's own sign-in, where set."""
    trusted = []
    if settings.jwt_issuer is not None:
        keys = _provider_keys(settings, clock)
        trusted.append(TrustedIssuer(settings.jwt_issuer, settings.jwt_audience, keys))
    if settings.local_public_key is not None:
        trusted.append(local_issuer(settings))
    return TokenVerifier(trusted, clock)


def local_issuer(settings: ServiceSettings) -> TrustedIssuer:
    """Our own sign-in. Raises `ValueError` where no public key is set."""
    if settings.local_public_key is None:
        raise ValueError("local_public_key is not set")
    key = read_public_key(settings.local_public_key)
    return TrustedIssuer(settings.local_issuer, settings.jwt_audience, KeySet({"keys": [public_jwk(key)]}))


def _provider_keys(settings: ServiceSettings, clock: Clock) -> KeySource:
    if settings.jwt_jwks_file is not None:
        return KeySet(orjson.loads(Path(settings.jwt_jwks_file).read_bytes()))
    # The settings allow an issuer only together with one of the two.
    url = str(settings.jwt_jwks_url)

    async def fetch() -> object:
        async with HttpClient(OPERATOR_POLICY) as client:
            return await client.get_json(url)

    return RemoteKeys(fetch, clock)
