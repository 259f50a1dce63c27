"""Callers, tokens and API keys."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared import auth
from shared.auth import Caller, CallerKind, ClaimNames, KeySet, RemoteKeys, Role, TokenVerifier, TrustedIssuer
from shared.clock import FakeClock
from shared.errors import Busy, Unauthorized

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
LOCAL = KeySet({"keys": [auth.public_jwk(KEY.public_key())]})
ISSUER = TrustedIssuer("https://id.example", "sanlian", LOCAL)
LI = Caller(
    subject="staff-1",
    roles=frozenset({Role.GRID_WORKER, Role.GRID_LEADER}),
    areas=("620102014006001",),
    unit="GZ-01",
    name="李敏",
)


def verifier(*issuers: TrustedIssuer, clock: FakeClock | None = None, remembered: int = 8) -> TokenVerifier:
    return TokenVerifier(issuers or (ISSUER,), clock or FakeClock(NOW), remembered=remembered)


def token(caller: Caller = LI, issuer: TrustedIssuer = ISSUER, minutes: int = 10) -> str:
    return auth.issue_token(KEY, caller, issuer, now=NOW, ttl=timedelta(minutes=minutes))


def signed(claims: Mapping[str, object], *, drop: tuple[str, ...] = ()) -> str:
    whole: dict[str, object] = {
        "iss": ISSUER.issuer,
        "aud": "sanlian",
        "sub": "somebody",
        "exp": int(NOW.timestamp()) + 600,
        **claims,
    }
    kept = {name: value for name, value in whole.items() if name not in drop}
    return jwt.encode(kept, KEY, algorithm="EdDSA", headers={"kid": auth.key_id(KEY.public_key())})


def test_an_area_covers_itself_and_everything_beneath_it() -> None:
    assert LI.covers("620102014006001")
    assert LI.covers("620102014006001002")
    assert not LI.covers("620102014006002")
    assert not LI.covers("620102014006")
    assert not Caller(subject="nobody").covers("620102014006")


@pytest.mark.parametrize("area", ["", "6", "62010201400", "62010201400x", "６２", "620102014006001001001"])
def test_a_malformed_area_is_refused_before_it_can_cover_too_much(area: str) -> None:
    with pytest.raises(ValueError, match="is not an area code"):
        Caller(subject="somebody", areas=(area,))


def test_a_caller_has_a_role_when_one_of_those_asked_for_is_theirs() -> None:
    assert LI.has(Role.OPERATOR, Role.GRID_LEADER)
    assert not LI.has(Role.OPERATOR)
    assert not LI.has()


def test_the_anonymous_caller_is_unknown_and_may_nothing() -> None:
    assert not auth.ANONYMOUS.is_known
    assert not auth.ANONYMOUS.has(*Role)
    assert LI.is_known


def test_a_callers_name_stays_out_of_the_logs() -> None:
    assert "李敏" not in repr(LI)


async def test_a_token_says_who_its_caller_is() -> None:
    assert await verifier().verify(token()) == LI


async def test_a_token_of_a_partner_or_without_extras_is_read_as_it_was_written() -> None:
    hall = Caller(subject="unit-7", kind=CallerKind.PARTNER, roles=frozenset({Role.PARTNER_CONTACT}))
    assert await verifier().verify(token(hall)) == hall


async def test_a_token_expires_thirty_seconds_late_to_allow_for_slow_clocks() -> None:
    clock = FakeClock(NOW)
    door = verifier(clock=clock)
    text = token(minutes=10)
    clock.set(NOW + timedelta(minutes=10, seconds=29))
    assert await door.verify(text) == LI
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthorized, match="has expired"):
        await door.verify(text)


async def test_a_token_from_the_future_is_not_valid_yet() -> None:
    later = int(NOW.timestamp()) + 31
    for claim in ("nbf", "iat"):
        with pytest.raises(Unauthorized, match="not valid yet"):
            await verifier().verify(signed({claim: later}))


async def test_a_verified_token_is_remembered_so_that_its_key_is_asked_for_once() -> None:
    asked: list[str | None] = []

    class Counting:
        async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
            asked.append(kid)
            return await LOCAL.find(kid, algorithm)

    clock = FakeClock(NOW)
    door = verifier(TrustedIssuer(ISSUER.issuer, "sanlian", Counting()), clock=clock, remembered=2)
    first, second, third = (token(minutes=minutes) for minutes in (10, 11, 12))
    for text in (first, first, second, first, third, first):
        await door.verify(text)
    assert len(asked) == 3
    await door.verify(second)
    assert len(asked) == 4, "the one used longest ago was forgotten"
    clock.advance(timedelta(minutes=5))
    await door.verify(second)
    assert len(asked) == 5, "trust is renewed after five minutes, in case the key was withdrawn"


@pytest.mark.parametrize(
    ("claims", "drop", "reason"),
    [
        ({"iss": "https://evil.example"}, (), "issuer that is not trusted"),
        ({}, ("iss",), "issuer that is not trusted"),
        ({"aud": "another"}, (), "meant for somebody else"),
        ({}, ("aud",), "cannot be used"),
        ({}, ("exp",), "cannot be used"),
        ({}, ("sub",), "cannot be used"),
        ({"sub": 5}, (), "cannot be used"),
        ({"exp": "soon"}, (), "exp is not a number"),
        ({"nbf": True}, (), "nbf is not a number"),
        ({"roles": 7}, (), "roles is not a list of texts"),
        ({"roles": [7]}, (), "roles is not a list of texts"),
        ({"unit": 7}, (), "unit is not a text"),
        ({"areas": [""]}, (), "claims cannot be used: '' is not an area code"),
        ({"kind": "robot"}, (), "claims cannot be used: 'robot'"),
    ],
)
async def test_a_token_with_wrong_claims_is_refused_with_the_reason(
    claims: dict[str, object], drop: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(Unauthorized, match=reason):
        await verifier().verify(signed(claims, drop=drop))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é.b.c", "x" * 9000, "bnVsbA.bnVsbA.AA"])
async def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized, match="not well formed"):
        await verifier().verify(text)


async def test_neither_an_unsigned_token_nor_one_signed_with_the_public_key_as_a_secret_gets_in() -> None:
    claims = {"iss": ISSUER.issuer, "aud": "sanlian", "sub": "x", "exp": int(NOW.timestamp()) + 60}
    by_secret = jwt.encode(claims, KEY.public_key().public_bytes_raw(), algorithm="HS256")
    body = by_secret.split(".")[1]
    heads = ('{"alg":"none"}', '{"alg":["EdDSA"]}', "{}")
    unsigned = [f"{base64.urlsafe_b64encode(head.encode()).decode().rstrip('=')}.{body}." for head in heads]
    for text in (by_secret, *unsigned):
        with pytest.raises(Unauthorized, match="must be signed with one of ES256, EdDSA, PS256, RS256"):
            await verifier().verify(text)


async def test_a_changed_token_has_a_wrong_signature() -> None:
    head, body, signature = token().split(".")
    changed = json.loads(base64.urlsafe_b64decode(body + "==")) | {"roles": ["operator"]}
    forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    with pytest.raises(Unauthorized, match="signature is wrong"):
        await verifier().verify(f"{head}.{forged}.{signature}")


async def test_a_key_that_the_issuer_does_not_list_opens_nothing() -> None:
    stranger = auth.issue_token(Ed25519PrivateKey.generate(), LI, ISSUER, now=NOW, ttl=timedelta(minutes=1))
    with pytest.raises(Unauthorized, match="does not list"):
        await verifier().verify(stranger)


async def test_claims_of_another_provider_are_found_where_it_puts_them() -> None:
    names = ClaimNames(roles="realm_access.roles", areas="https://x.example/areas", unit="a.b", kind="k")
    door = verifier(TrustedIssuer(ISSUER.issuer, "sanlian", LOCAL, names))
    caller = await door.verify(
        signed({
            "realm_access": {"roles": ["grid_worker", "offline_access"]},
            "https://x.example/areas": "620102014 620104",
            "a": "no object",
        })
    )
    assert caller.roles == {Role.GRID_WORKER}
    assert caller.areas == ("620102014", "620104")
    assert caller.unit is None


async def test_two_issuers_with_their_own_keys_are_trusted_side_by_side() -> None:
    other_key = Ed25519PrivateKey.generate()
    keys = KeySet({"keys": [auth.public_jwk(other_key.public_key())]})
    other = TrustedIssuer("https://other.example", "door", keys)
    door = verifier(ISSUER, other)
    assert await door.verify(token()) == LI
    theirs = auth.issue_token(other_key, LI, other, now=NOW, ttl=timedelta(minutes=1))
    assert await door.verify(theirs) == LI
    with pytest.raises(Unauthorized, match="does not list"):
        await door.verify(token(issuer=other))


def _jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **extra: str) -> dict[str, object]:
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return {**RSAAlgorithm.to_jwk(public, as_dict=True), **extra}
    return {**ECAlgorithm.to_jwk(public, as_dict=True), **extra}


async def test_rsa_and_elliptic_keys_of_a_provider_work_under_the_algorithms_that_fit_them() -> None:
    rsa_key = rsa.generate_private_key(65537, 2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    keys = KeySet({"keys": [_jwk(rsa_key, kid="r"), _jwk(ec_key, kid="e", alg="ES256")]})
    door = verifier(TrustedIssuer(ISSUER.issuer, "sanlian", keys))
    claims = {"iss": ISSUER.issuer, "aud": "sanlian", "sub": "x", "exp": int(NOW.timestamp()) + 60}
    for key, kid, algorithm in ((rsa_key, "r", "RS256"), (rsa_key, "r", "PS256"), (ec_key, "e", "ES256")):
        text = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})
        assert (await door.verify(text)).subject == "x"
    with pytest.raises(Unauthorized, match="does not list"):
        await door.verify(jwt.encode(claims, rsa_key, algorithm="RS256", headers={"kid": "e"}))


async def test_a_token_that_names_no_key_is_tried_with_the_only_one_there_is() -> None:
    bare = {name: value for name, value in auth.public_jwk(KEY.public_key()).items() if name != "kid"}
    one = KeySet({"keys": [bare]})
    assert await one.find(None, "EdDSA") is not None
    assert await one.find("k", "EdDSA") is None
    twin = auth.public_jwk(Ed25519PrivateKey.generate().public_key())
    assert await KeySet({"keys": [bare, twin]}).find(None, "EdDSA") is None


@pytest.mark.parametrize(
    "entry",
    [
        "no object",
        {"kty": "oct", "k": "AAAA", "kid": "k"},
        {"kty": 5, "kid": "k"},
        {"kty": "OKP", "crv": 5, "kid": "k"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "k"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": 5},
        {"kty": "OKP", "crv": "Ed448", "kid": "k"},
        {**auth.public_jwk(KEY.public_key()), "kid": "k", "use": "enc"},
        {**auth.public_jwk(KEY.public_key()), "kid": "k", "alg": "none"},
        {**_jwk(rsa.generate_private_key(65537, 1024)), "kid": "k", "use": "sig"},
    ],
)
async def test_an_unusable_key_is_left_out_and_the_others_stay(entry: object) -> None:
    keys = KeySet({"keys": [entry, auth.public_jwk(KEY.public_key())]})
    for algorithm in ("EdDSA", "RS256", "HS256", "none"):
        assert await keys.find("k", algorithm) is None
    assert await keys.find(auth.key_id(KEY.public_key()), "EdDSA") is not None


@pytest.mark.parametrize("document", [None, [], {}, {"keys": 5}, "text"])
async def test_a_document_that_is_no_key_set_holds_no_keys(document: object) -> None:
    assert await KeySet(document).find(None, "EdDSA") is None


class Provider:
    """An OpenID provider's key endpoint, as a test needs it."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False
        self.keys: list[object] = [auth.public_jwk(KEY.public_key())]

    async def fetch(self) -> object:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise ConnectionRefusedError("no answer")
        return {"keys": self.keys}


KID = auth.key_id(KEY.public_key())


async def test_a_providers_keys_are_fetched_once_however_many_ask_at_the_same_time() -> None:
    provider = Provider()
    keys = RemoteKeys(provider.fetch, FakeClock(NOW))
    found = await asyncio.gather(*(keys.find(KID, "EdDSA") for _ in range(20)))
    assert None not in found
    assert provider.asked == 1


async def test_an_unknown_key_is_asked_for_at_most_once_a_minute() -> None:
    provider, clock = Provider(), FakeClock(NOW)
    keys = RemoteKeys(provider.fetch, clock)
    for _ in range(5):
        assert await keys.find("invented", "EdDSA") is None
    assert provider.asked == 1
    added = Ed25519PrivateKey.generate().public_key()
    provider.keys.append(auth.public_jwk(added))
    clock.advance(timedelta(seconds=60))
    assert await keys.find(auth.key_id(added), "EdDSA") is not None
    assert provider.asked == 2


async def test_a_key_that_the_provider_withdrew_is_gone_after_an_hour() -> None:
    provider, clock = Provider(), FakeClock(NOW)
    keys = RemoteKeys(provider.fetch, clock)
    assert await keys.find(KID, "EdDSA") is not None
    provider.keys.clear()
    clock.advance(timedelta(minutes=59))
    assert await keys.find(KID, "EdDSA") is not None
    clock.advance(timedelta(minutes=1))
    assert await keys.find(KID, "EdDSA") is None


async def test_while_the_provider_is_down_known_keys_work_and_unknown_ones_ask_to_try_again() -> None:
    provider, clock = Provider(), FakeClock(NOW)
    keys = RemoteKeys(provider.fetch, clock)
    assert await keys.find(KID, "EdDSA") is not None
    provider.down = True
    clock.advance(timedelta(hours=2))
    assert await keys.find(KID, "EdDSA") is not None
    for _ in range(2):
        with pytest.raises(Busy, match="cannot be fetched"):
            await keys.find("new", "EdDSA")
    assert provider.asked == 2
    provider.down = False
    clock.advance(timedelta(minutes=1))
    assert await keys.find("new", "EdDSA") is None


def test_a_signing_key_is_read_back_from_the_text_it_was_written_as() -> None:
    again = auth.read_signing_key(auth.key_text(KEY))
    public = auth.read_public_key(auth.key_text(KEY.public_key()))
    assert again.private_bytes_raw() == KEY.private_bytes_raw()
    assert public.public_bytes_raw() == KEY.public_key().public_bytes_raw()


def test_a_key_text_that_is_no_key_is_refused() -> None:
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    for text in (pem, "AAAA"):
        with pytest.raises(ValueError, match="32 bytes"):
            auth.read_signing_key(text)


def test_an_api_key_matches_the_hash_that_was_stored_when_it_was_made() -> None:
    made = auth.new_api_key()
    assert made.text.startswith(f"slk_{made.key_id}_")
    presented = auth.parse_api_key(made.text)
    assert auth.is_api_key(made.text)
    assert presented.key_id == made.key_id
    assert presented.matches(made.secret_hash)
    assert not presented.matches(auth.new_api_key().secret_hash)


def test_neither_a_new_key_nor_a_presented_one_shows_its_secret() -> None:
    made = auth.new_api_key()
    secret = made.text.split("_", 2)[2]
    shown = repr(made) + repr(auth.parse_api_key(made.text))
    assert secret not in shown
    assert made.key_id in shown


@pytest.mark.parametrize(
    "text",
    ["", "slk", "slk_1_2", auth.new_api_key().text.replace("slk", "abc"), auth.new_api_key().text + "x"],
    ids=["nothing", "a prefix", "too short", "another prefix", "too long"],
)
def test_a_key_that_is_not_of_our_making_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized, match="slk_<id>_<secret>"):
        auth.parse_api_key(text)
