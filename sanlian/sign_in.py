"""Tokens of the deployment's own sign-in key, for the demo and for trying things out."""

import os
from datetime import UTC, datetime, timedelta

from sanlian.footings import State
from sanlian.keys import SIGN_IN, SIGNING_KEY, read_keys
from shared.auth import Caller, KeySet, TrustedIssuer, issue_token, public_jwk, read_signing_key
from shared.settings import BadSettings, ServiceSettings


def sign_token(state: State, caller: Caller, *, ttl: timedelta) -> str:
    """A token that every service of this deployment believes. `BadSettings` where there is no key."""
    text = read_keys(state.keys, SIGN_IN).get(SIGNING_KEY)
    if text is None:
        raise BadSettings(f"{state.keys / SIGN_IN} holds no signing key; make one with: sanlian keys")
    key = read_signing_key(text)
    issuer = TrustedIssuer(
        _setting("local_issuer"), _setting("jwt_audience"), KeySet({"keys": [public_jwk(key.public_key())]})
    )
    # The token is for services that run now, so the machine's clock is the right one.
    return issue_token(key, caller, issuer, now=datetime.now(UTC), ttl=ttl)


def _setting(name: str) -> str:
    return os.environ.get(f"SANLIAN_{name}".upper()) or str(ServiceSettings.model_fields[name].default)
