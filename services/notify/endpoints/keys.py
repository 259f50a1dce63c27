"""The public keys of endpoints with scheme v1a, as a JWK set: where receivers find what to verify with."""

from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.notify.endpoints.secrets import public_keys
from services.notify.rules.signing import public_bytes_of
from shared.auth import Caller, public_jwk
from shared.web import RequestWork, WorkRoute, allow_anyone

router = APIRouter(tags=["endpoints"], route_class=WorkRoute)

Anyone = Annotated[Caller, allow_anyone()]
# Shorter than any overlap worth its name, so that a new key is known before the old one ends.
KEPT_S = 300


class Jwk(BaseModel):
    """A public key; `kid` is its thumbprint (RFC 7638)."""

    kty: str
    crv: str
    alg: str
    use: str
    kid: str
    x: str


class Jwks(BaseModel):
    """Public keys."""

    keys: list[Jwk]


@router.get("/webhook-keys", summary="The keys that verify signatures of scheme v1a")
async def webhook_keys(
    work: RequestWork, caller: Anyone, response: Response, *, endpoint_id: UUID | None = None
) -> Jwks:
    """The doors also have it at `/.well-known/webhook-keys`."""
    response.headers["Cache-Control"] = f"public, max-age={KEPT_S}"
    found = await public_keys(work, endpoint_id)
    keys = [public_jwk(Ed25519PublicKey.from_public_bytes(public_bytes_of(key))) for key in found]
    return Jwks(keys=[Jwk.model_validate(key) for key in keys])
