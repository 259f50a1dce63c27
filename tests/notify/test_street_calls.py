"""What street offices call back: taken once each, only with a signature, only where it fits."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.notify.app import PLAN, ROUTERS
from shared.auth import Role
from shared.clock import FakeClock
from shared.events import Event
from shared.events.notify import StreetAcknowledged, StreetProgressed, StreetReplied, StreetReturned
from shared.testing import Stage, staged
from tests.notify.conftest import STREET, event_of

ESCALATION = UUID("01890000-0000-7000-8000-000000000006")
ISSUE_NO = "WLD-20260305-0001"


@dataclass
class Street:
    """A street office with its own clock, signing by a library not ours."""

    stage: Stage
    secret: str
    skew: timedelta = timedelta(0)

    def document(self, type: str, **data: object) -> str:
        named = {"escalation_id": str(ESCALATION), "issue_no": ISSUE_NO, **data}
        at = self.stage.clock.now().isoformat()
        return json.dumps({"type": f"escalation.{type}", "timestamp": at, "data": named})

    async def send(self, body: str | bytes, id: str | None = None, **headers: str) -> httpx.Response:
        webhook_id, at = id or f"st_{uuid4().hex}", self.stage.clock.now() + self.skew
        raw = body.encode() if isinstance(body, str) else body
        signed = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature(self.secret, webhook_id, at, raw),
            "content-type": "application/json",
        }
        async with self.stage.client() as client:
            return await client.post("/hooks/st-cmd", content=raw, headers={**signed, **headers})

    async def say(self, type: str, id: str | None = None, **data: object) -> httpx.Response:
        return await self.send(self.document(type, **data), id)


def signature(secret: str, webhook_id: str, at: datetime, body: bytes) -> str:
    """By the library where the body is text; it cannot sign what is not."""
    return Webhook(secret).sign(webhook_id, at, body.decode("utf-8", "replace"))


async def enrol(stage: Stage) -> Street:
    wish = {"code": "st-cmd", "office": "ST-CMD", "area_code": STREET}
    async with stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        answer = await client.post("/sources", json=wish)
    assert answer.status_code == 201, answer.text
    return Street(stage, answer.json()["secret"])


@pytest.fixture
async def street(stage: Stage) -> Street:
    await stage.give(event_of("escalation.requested"))
    return await enrol(stage)


async def test_an_escalation_is_acknowledged_worked_on_and_answered(street: Street) -> None:
    answers = [
        await street.say("ack", street_no="GXD-7", at="2026-03-05T10:00:00+08:00"),
        await street.say("progress", text="Two inspectors sent"),
        await street.say("reply", outcome="done", text="Checked", needs_community_action=True),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert answers[0].json()["verdict"] == "accepted"
    acknowledged, progressed, replied = await street.stage.emitted()
    assert isinstance(acknowledged, StreetAcknowledged)
    assert (acknowledged.escalation_id, acknowledged.issue_no, acknowledged.street_no) == (
        ESCALATION,
        ISSUE_NO,
        "GXD-7",
    )
    assert acknowledged.at.isoformat() == "2026-03-05T02:00:00+00:00"
    assert acknowledged.inbound.source == "ST-CMD"
    assert isinstance(progressed, StreetProgressed)
    assert isinstance(replied, StreetReplied)
    assert (replied.outcome_code, replied.needs_community_action) == ("done", True)


async def test_an_escalation_is_returned_with_a_reason(street: Street) -> None:
    answer = await street.say("return", reason_code="incomplete", text="Call 13893312345", by_leader=True)
    assert answer.status_code == 202
    [returned] = await street.stage.emitted()
    assert isinstance(returned, StreetReturned)
    assert (returned.reason_code, returned.text, returned.by_leader) == (
        "incomplete",
        "Call ***********",
        True,
    )


@pytest.mark.parametrize(
    ("known", "type"),
    [({"returns": 1}, "returned-already"), ({"due_ack": "2026-03-05T00:59:59Z"}, "return-too-late")],
)
async def test_a_second_or_a_late_return_takes_the_leaders_word(
    stage: Stage, known: dict[str, Any], type: str
) -> None:
    street = await enrol(stage)
    await stage.give(event_of("escalation.requested", **known))
    refused = await street.say("return", reason_code="incomplete")
    assert (refused.status_code, refused.json()["type"]) == (409, f"urn:sanlian:problem:{type}")
    assert (await street.say("ack")).status_code == 202
    assert (await street.say("return", reason_code="incomplete", by_leader=True)).status_code == 202
    acknowledged, returned = await stage.emitted()
    assert isinstance(acknowledged, StreetAcknowledged)
    assert isinstance(returned, StreetReturned)


async def test_the_same_call_has_one_effect_and_one_result(street: Street) -> None:
    body = street.document("ack", street_no="GXD-7")
    first, second = await street.send(body, "st_1"), await street.send(body, "st_1")
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()
    assert len(await street.stage.emitted()) == 1


async def test_fifty_copies_at_once_have_one_effect(street: Street) -> None:
    body = street.document("ack")
    answers = await asyncio.gather(*(street.send(body, "st_1") for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [202]
    assert len(await street.stage.emitted()) == 1


async def test_an_id_stands_for_one_body_only(street: Street) -> None:
    assert (await street.say("ack", "st_1")).status_code == 202
    answer = await street.say("progress", "st_1", text="something else")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sanlian:problem:webhook-id-reused")
    assert len(await street.stage.emitted()) == 1


async def test_what_does_not_fit_the_state_is_refused_with_what_would(street: Street) -> None:
    await street.say("ack")
    twice = await street.say("ack")
    assert (twice.status_code, twice.headers["content-type"]) == (409, "application/problem+json")
    working = ["escalation.assign_department", "escalation.progress", "escalation.reply"]
    assert twice.json()["allowed"] == ["escalation.return", *working]
    await street.say("progress", text="on it")
    late = await street.say("return", reason_code="incomplete")
    assert late.json()["allowed"] == working
    await street.say("reply", outcome="done", text="")
    ended = await street.say("progress", text="still")
    assert (ended.status_code, ended.json()["allowed"]) == (409, ["escalation.close_confirm"])
    assert len(await street.stage.emitted()) == 3


async def test_a_call_that_was_refused_is_judged_anew_when_it_comes_again(street: Street) -> None:
    known = event_of("escalation.requested", id=str(uuid4()))
    body = street.document("ack", escalation_id=str(known.snapshot.id))
    assert (await street.send(body, "st_1")).status_code == 404
    await street.stage.give(known)
    assert (await street.send(body, "st_1")).status_code == 202
    assert len(await street.stage.emitted()) == 1


async def test_an_escalation_that_is_not_theirs_is_not_found(street: Street) -> None:
    other_issue = await street.say("ack", issue_no="WLD-20260305-9999")
    unknown = await street.say("ack", escalation_id=str(uuid4()))
    elsewhere = event_of(
        "escalation.requested", id=str(uuid4()), area_code="620102015001", community_code="620102015001"
    )
    await street.stage.give(elsewhere)
    foreign = await street.say("ack", escalation_id=str(elsewhere.snapshot.id))
    assert [answer.status_code for answer in (other_issue, unknown, foreign)] == [404, 404, 404]
    assert foreign.json()["type"] == "urn:sanlian:problem:not-found"
    assert await street.stage.emitted() == []


@pytest.mark.parametrize(
    ("skew", "status", "type"),
    [
        (299, 202, None),
        (-299, 202, None),
        (301, 401, "timestamp-out-of-range"),
        (-301, 401, "timestamp-out-of-range"),
    ],
)
async def test_a_call_may_be_five_minutes_off_and_no_more(
    street: Street, skew: int, status: int, type: str | None
) -> None:
    street.skew = timedelta(seconds=skew)
    answer = await street.say("ack")
    assert answer.status_code == status
    if type is not None:
        assert answer.json()["type"] == f"urn:sanlian:problem:{type}"
        assert str(int(street.stage.clock.now().timestamp())) in answer.json()["detail"]


async def test_without_a_good_signature_nothing_is_read_or_kept(street: Street) -> None:
    body = street.document("ack")
    broken: Sequence[tuple[dict[str, str], str]] = (
        ({"webhook-signature": "v1,AAAA"}, "signature-invalid"),
        ({"webhook-signature": "v1a,AAAA"}, "signature-invalid"),
        ({"webhook-id": "another"}, "signature-invalid"),
        ({"webhook-signature": ""}, "signature-missing"),
        ({"webhook-id": ""}, "signature-missing"),
        ({"webhook-id": "x" * 256}, "signature-missing"),
        ({"webhook-timestamp": "soon"}, "signature-missing"),
        ({"webhook-timestamp": "1.5"}, "signature-missing"),
        ({"webhook-timestamp": "9" * 30}, "signature-missing"),
    )
    for headers, type in broken:
        answer = await street.send(body, **headers)
        assert (answer.status_code, answer.json()["type"]) == (401, f"urn:sanlian:problem:{type}"), headers
    street.secret = "whsec_" + "A" * 44
    assert (await street.send("not json")).status_code == 401
    assert await street.stage.emitted() == []


async def test_what_is_signed_but_wrong_is_refused_by_name(street: Street) -> None:
    good = json.loads(street.document("ack"))
    cases: Sequence[tuple[object, int, str]] = (
        ("not json", 400, "malformed-json"),
        ("", 400, "malformed-json"),
        ("[" * 5000, 400, "malformed-json"),
        ("[]", 422, "invalid"),
        ({**good, "type": "escalation.unheard_of"}, 422, "invalid"),
        ({**good, "timestamp": "2026-03-05"}, 422, "invalid"),
        ({**good, "data": {}}, 422, "invalid"),
        ({**good, "data": {**good["data"], "escalation_id": "1"}}, 422, "invalid"),
        ({**good, "data": {**good["data"], "street_no": "a\u0000b"}}, 422, "invalid"),
        (
            {**good, "type": "escalation.return", "data": {**good["data"], "reason_code": "tired"}},
            422,
            "invalid",
        ),
    )
    for body, status, type in cases:
        answer = await street.send(body if isinstance(body, str) else json.dumps(body))
        assert answer.status_code == status, body
        assert answer.json()["type"] == f"urn:sanlian:problem:{type}"
    assert await street.stage.emitted() == []


async def test_size_media_type_and_source_are_checked(street: Street) -> None:
    large = await street.send(" " * (256 * 1024 + 1))
    other = await street.send(street.document("ack"), **{"content-type": "text/plain"})
    async with street.stage.client() as client:
        chunks = (b" " * 65_536 for _ in range(5))

        async def body() -> Any:
            for chunk in chunks:
                yield chunk

        streamed = await client.post("/hooks/st-cmd", content=body())
        unknown = await client.post(
            "/hooks/nobody",
            content="{}",
            headers={
                "webhook-id": "1",
                "webhook-timestamp": str(int(street.stage.clock.now().timestamp())),
                "webhook-signature": "v1,x",
            },
        )
    statuses = [answer.status_code for answer in (large, other, streamed, unknown)]
    assert statuses == [413, 415, 413, 404]


async def test_a_source_changes_its_secret_with_an_overlap(street: Street) -> None:
    async with street.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        again = await client.post(
            "/sources", json={"code": "st-cmd", "office": "ST-CMD", "area_code": STREET}
        )
        rotated = await client.post("/sources/st-cmd/rotate-secret", json={"overlap_hours": 1})
        absent = await client.post("/sources/nobody/rotate-secret", json={})
        listed = await client.get("/sources")
    assert (again.status_code, again.json()["type"]) == (409, "urn:sanlian:problem:source-exists")
    assert absent.status_code == 404
    assert [one["url"] for one in listed.json()] == ["http://127.0.0.1:8000/notify/v1/hooks/st-cmd"]
    assert (await street.say("ack")).status_code == 202
    street.stage.clock.advance(timedelta(hours=1, seconds=1))
    assert (await street.say("progress", text="x")).status_code == 401
    street.secret = rotated.json()["secret"]
    assert (await street.say("progress", text="x")).status_code == 202


async def test_the_copy_of_an_escalation_follows_the_newest_news_in_any_order(stage: Stage) -> None:
    street = await enrol(stage)
    for order in permutations(range(3)):
        one = str(uuid4())
        news: list[Event] = [
            event_of("escalation.requested", id=one, version=1, state="sent"),
            event_of("escalation.acknowledged", id=one, version=2, state="acknowledged"),
            event_of("escalation.closed", id=one, version=3, state="closed"),
        ]
        for index in (*order, order[0]):
            await stage.give(news[index])
        answer = await street.say("ack", escalation_id=one)
        assert (answer.status_code, answer.json()["allowed"]) == (409, ["escalation.close_confirm"])


ANY_BYTES = st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(ANY_BYTES, min_size=20, max_size=40))
def test_no_signed_bytes_whatever_break_the_door(
    bodies: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def knock() -> set[int]:
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('door')}/notify.db"
        clock = FakeClock(datetime.fromisoformat("2026-03-05T10:00:00+08:00"))
        async with staged(PLAN, ROUTERS, database_url=url, clock=clock) as stage:
            street = await enrol(stage)
            return {(await street.send(body)).status_code for body in bodies}

    # Bytes that are no text cannot be signed by the library, so that they end at the signature.
    assert asyncio.run(knock()) <= {400, 401, 422}
