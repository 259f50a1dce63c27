"""Scheme v1a: signed with a key of ours, verified with its public half, found where receivers look for it."""

from base64 import b64decode, urlsafe_b64decode
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.auth import Role, key_id
from tests.notify.conftest import STREET, Office, Sink, event_of

MakeSink = Callable[[], Awaitable[Sink]]


class Verifier:
    """A receiver that knows public keys only."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.verified: list[list[int]] = []

    async def take(self, request: web.Request) -> web.Response:
        head = request.headers
        content = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + await request.read()
        entries = [entry for entry in head["webhook-signature"].split(" ") if entry.startswith("v1a,")]
        made = [b64decode(entry.removeprefix("v1a,")) for entry in entries]
        by = [at for at, key in enumerate(self.keys) for one in made if self._fits(key, one, content)]
        self.verified.append(by)
        return web.Response(status=204 if by else 401)

    def _fits(self, key: str, signature: bytes, content: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(b64decode(key.removeprefix("whpk_"))).verify(
                signature, content
            )
        except InvalidSignature:
            return False
        return True


async def test_messages_are_signed_with_a_key_pair_where_the_office_wants_it(office: Office) -> None:
    verifier, app = Verifier(), web.Application()
    app.router.add_post("/hook", verifier.take)
    server = TestServer(app)
    await server.start_server()
    wish = {"office": "ST-CMD", "area_code": STREET, "events": ["*"], "scheme": "v1a"}
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        made = (await client.post("/endpoints", json={**wish, "url": str(server.make_url("/hook"))})).json()
        assert (made["scheme"], made["secret"]) == ("v1a", None)
        verifier.keys = [made["public_key"]]
        await office.send()
        turned = (
            await client.post(f"/endpoints/{made['id']}/rotate-secret", json={"overlap_hours": 1})
        ).json()
        verifier.keys.append(turned["public_key"])
        await office.stage.give(event_of("issue.closed"))
        await office.send()
        office.later(hours=1, seconds=1)
        await office.stage.give(event_of("issue.closed"))
        await office.send()
    await server.close()
    assert verifier.verified == [[0], [0, 1], [1]]


async def test_public_keys_in_force_are_published_and_nothing_else_is(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    wish = {"office": "ST-FL", "area_code": STREET, "url": sink.url, "events": ["*"], "scheme": "v1a"}
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        made = (await client.post("/endpoints", json=wish)).json()
        other = (await client.post("/endpoints", json=wish)).json()
    async with office.stage.client() as anybody:
        every = await anybody.get("/webhook-keys")
        mine = (await anybody.get("/webhook-keys", params={"endpoint_id": made["id"]})).json()["keys"]
        none = await anybody.get("/webhook-keys", params={"endpoint_id": "x"})
    assert (len(every.json()["keys"]), len(mine), none.status_code) == (2, 1, 422)
    assert every.headers["cache-control"] == "public, max-age=300"
    raw = b64decode(made["public_key"].removeprefix("whpk_"))
    assert urlsafe_b64decode(mine[0]["x"] + "=") == raw
    assert mine[0]["kid"] == key_id(Ed25519PublicKey.from_public_bytes(raw))
    assert made["public_key"] != other["public_key"]


@pytest.mark.parametrize("first", ["v1", "v1a"])
async def test_an_endpoint_moves_to_the_other_scheme_with_both_signatures_side_by_side(
    office: Office, sinks: MakeSink, first: str
) -> None:
    sink = await sinks()
    endpoint_id = await office.register(sink, scheme=first)
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        turn = {"scheme": "v1a" if first == "v1" else "v1", "overlap_hours": 1}
        turned = (await client.post(f"/endpoints/{endpoint_id}/rotate-secret", json=turn)).json()
    sink.secret = turned["secret"] or sink.secret
    await office.send()
    assert (sink.types, turned["scheme"]) == (["webhook.test"], turn["scheme"])
