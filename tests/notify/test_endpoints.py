"""The API of endpoints: who may register, what is refused, and how secrets change hands."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from sqlalchemy import select, text

from services.notify.models import Secret
from shared.auth import Role
from shared.events.notify import EndpointDisabled
from shared.testing import Stage
from tests.notify.conftest import STREET, Office, Sink, event_of

MakeSink = Callable[[], Awaitable[Sink]]
WISH: dict[str, object] = {
    "office": "ST-CMD",
    "area_code": STREET,
    "url": "http://127.0.0.1:9/hook",
    "events": ["issue.*"],
}


async def test_an_endpoint_is_active_once_it_answered_its_first_test(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    endpoint_id = await office.register(sink)
    await office.stage.give(event_of("issue.closed"))
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        before = (await client.get(f"/endpoints/{endpoint_id}")).json()
        assert await office.send() == 1
        after = await client.get(f"/endpoints/{endpoint_id}")
    assert (before["state"], after.json()["state"], after.headers["etag"]) == ("unverified", "active", '"2"')
    assert sink.types == ["webhook.test"]
    await office.send()
    assert sink.types == ["webhook.test", "issue.closed"], "what came before waited"


async def test_a_test_that_fails_leaves_the_endpoint_unverified_and_can_be_repeated(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    endpoint_id = await office.register(sink)
    sink.status = 500
    for _ in range(5):
        await office.send()
        office.later(hours=1)
    assert len(sink.came) == 4, "a test is tried four times"
    sink.status = 200
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        sent = await client.post(f"/endpoints/{endpoint_id}/test")
        await office.send()
        shown = (await client.get(f"/deliveries/{sent.json()['delivery_id']}")).json()
        endpoint = (await client.get(f"/endpoints/{endpoint_id}")).json()
    assert (sent.status_code, shown["state"], endpoint["state"]) == (202, "succeeded", "active")
    assert shown["history"][0]["trigger"] == "test"


async def test_a_disabled_endpoint_can_be_tested_and_stays_disabled(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    await office.stage.emitted()
    async with office.stage.client(Role.COMMUNITY_SECRETARY, areas=(STREET,)) as client:
        disabled = await client.post(f"/endpoints/{endpoint_id}/disable", headers={"If-Match": '"2"'})
        again = await client.post(f"/endpoints/{endpoint_id}/disable")
        await client.post(f"/endpoints/{endpoint_id}/test")
        await office.send()
        shown = (await client.get(f"/endpoints/{endpoint_id}")).json()
    assert (disabled.status_code, disabled.json()["reason"]) == (200, "manual")
    assert again.status_code == 409
    assert again.json()["allowed"] == ["test", "enable", "rotate-secret", "replay"]
    assert (sink.types, shown["state"]) == (["webhook.test"], "disabled")
    [told] = await office.stage.emitted()
    assert isinstance(told, EndpointDisabled)
    assert told.reason == "manual"


async def test_a_stale_if_match_is_refused(office: Office, sinks: MakeSink) -> None:
    endpoint_id = await office.open(await sinks())
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        answer = await client.post(f"/endpoints/{endpoint_id}/disable", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["type"]) == (412, "urn:sanlian:problem:stale-version")


async def test_a_new_secret_signs_beside_the_old_one_until_the_overlap_ends(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    endpoint_id = await office.open(sink)
    old = sink.secret
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        answer = await client.post(f"/endpoints/{endpoint_id}/rotate-secret", json={"overlap_hours": 2})
    new = answer.json()["secret"]
    assert new != old
    for secret in (old, new):
        sink.secret = secret
        await office.stage.give(event_of("issue.closed"))
        await office.send()
    assert len(sink.came) == 2
    office.later(hours=2, seconds=1)
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    assert len(sink.came) == 3
    sink.secret = old
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    assert (len(sink.came), len(sink.refused)) == (3, 1)


async def test_never_more_than_three_secrets_live_and_one_can_be_ended_at_once(
    office: Office, sinks: MakeSink
) -> None:
    endpoint_id = await office.open(await sinks())
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        for hours, live in ((24, 2), (24, 3), (24, 3), (0, 1)):
            answer = await client.post(
                f"/endpoints/{endpoint_id}/rotate-secret", json={"overlap_hours": hours}
            )
            assert answer.status_code == 200
            now = office.stage.clock.now()
            async with office.stage.host.look() as work:
                rows = (
                    await work.session.scalars(select(Secret).where(Secret.owner_id == endpoint_id))
                ).all()
            assert len([one for one in rows if one.expires_at is None or one.expires_at > now]) == live


async def test_the_secret_is_shown_once_and_kept_encrypted(stage: Stage) -> None:
    async with stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        made = await client.post("/endpoints", json=WISH)
        shown = await client.get(made.headers["location"].removeprefix("/notify/v1"))
        listed = await client.get("/endpoints")
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    assert "secret" not in shown.json()
    assert [one["id"] for one in listed.json()] == [made.json()["id"]]
    assert secret not in listed.text
    async with stage.host.look() as work:
        raw = await work.session.scalar(text("SELECT secret FROM secrets"))
    assert secret.encode() not in bytes(raw)


REFUSED: tuple[tuple[dict[str, object], str], ...] = (
    ({"url": "ftp://example.org/x"}, "url"),
    ({"url": "http://user:pw@127.0.0.1/x"}, "url"),
    ({"url": "http://169.254.169.254/latest"}, "url"),
    ({"url": "http://10.0.0.1/x"}, "url"),
    ({"url": "nonsense"}, "url"),
    ({"events": []}, "events"),
    ({"events": ["issue.acepted"]}, "events.0"),
    ({"events": ["person.*"]}, "events.0"),
    ({"area_code": "62010"}, "area_code"),
    ({"categories": ["x"]}, "categories.0"),
    ({"urgencies": ["U9"]}, "urgencies.0"),
    ({"timeout_s": 31}, "timeout_s"),
    ({"max_concurrency": 0}, "max_concurrency"),
    ({"office": "a b"}, "office"),
)


async def test_a_wish_that_cannot_be_met_is_refused_with_its_field(stage: Stage) -> None:
    async with stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        for change, field in REFUSED:
            answer = await client.post("/endpoints", json={**WISH, **change})
            assert answer.status_code == 422, change
            assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_only_those_who_manage_an_area_see_and_change_its_endpoints(
    office: Office, sinks: MakeSink
) -> None:
    endpoint_id = await office.open(await sinks())
    stage = office.stage
    async with stage.client(Role.OPERATOR, areas=("620102015",)) as stranger:
        assert (await stranger.get(f"/endpoints/{endpoint_id}")).status_code == 403
        assert (await stranger.post(f"/endpoints/{endpoint_id}/disable")).status_code == 403
        assert (await stranger.get("/endpoints")).json() == []
        assert (await stranger.get("/deliveries")).json() == []
        assert (await stranger.post("/endpoints", json=WISH)).status_code == 403
    async with stage.client(Role.GRID_WORKER, areas=(STREET,)) as worker:
        assert (await worker.get("/endpoints")).status_code == 403
    async with stage.client() as nobody:
        assert (await nobody.get("/endpoints")).status_code == 401
    async with stage.client(Role.OPERATOR, areas=(STREET,)) as operator:
        assert (await operator.get(f"/endpoints/{uuid4()}")).status_code == 404
        assert (await operator.get(f"/deliveries/{uuid4()}")).status_code == 404
        assert (await operator.get("/endpoints", params={"cursor": "WyJ4Il0"})).status_code == 422


async def test_lists_come_in_pages(office: Office, sinks: MakeSink) -> None:
    made = [str(await office.open(await sinks())) for _ in range(3)]
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        page = await client.get("/endpoints", params={"limit": 2})
        rest = await client.get(f"http://test{page.links['next']['url']}")
        newest = await client.get("/deliveries", params={"limit": 2})
        oldest = await client.get(f"http://test{newest.links['next']['url']}")
    assert [one["id"] for one in page.json() + rest.json()] == made
    assert [one["endpoint_id"] for one in newest.json() + oldest.json()] == made[::-1]
