"""Every verb of a street office: once, many times at once, in the wrong state, about what is not theirs."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from services.notify.app import PLAN, ROUTERS
from services.notify.rules.feeds import told
from services.notify.rules.samples import example_of
from services.notify.rules.street_calls import RULES, Aim
from shared.auth import Role
from shared.clock import FakeClock
from shared.events import Event
from shared.privacy import new_key_pair, unseal
from shared.testing import Stage, staged
from tests.conftest import Tables
from tests.notify.conftest import STREET, event_of
from tests.notify.test_street_calls import ESCALATION, ISSUE_NO, Street, enrol

PRIVATE, PUBLIC = new_key_pair()
ELSEWHERE = {"area_code": "620102015001", "community_code": "620102015001"}
# What each verb says where nothing else matters, and how its subject must stand before it.
SAID: Mapping[str, Mapping[str, Any]] = {
    "escalation.ack": {"street_no": "GXD-7"},
    "escalation.return": {"reason_code": "incomplete", "text": "?"},
    "escalation.assign_department": {"unit": "综合执法队", "due": "2099-01-01T00:00:00+08:00"},
    "escalation.check_in": {"unit": "供热站", "at": "2026-03-05T10:00:00+08:00"},
    "escalation.progress": {"text": "on it"},
    "escalation.reply": {"outcome": "done", "text": "done"},
    "escalation.relief_result": {
        "who": "街道妇联",
        "when": "2026-03-08T10:00:00+08:00",
        "form": "goods",
        "goods": [{"what": "棉被", "quantity": 2, "measure": "床"}],
    },
    "escalation.recall_confirm": {},
    "escalation.close_confirm": {},
    "issue.supervise": {"level": 2, "due": "2099-01-01T00:00:00+08:00", "text": "today"},
    "issue.remind": {"text": "hurry"},
    "issue.extension_decision": {"ok": True, "new_due": "2099-01-01T00:00:00+08:00"},
    "issue.evaluate": {"score": 4, "text": "good"},
    "issue.dispatch": {
        "street_no": "GXD/2026-7",
        "text": "a wall leans",
        "category": "0105",
        "due": "2099-01-01T00:00:00+08:00",
        "reporter_ref": "R-9",
    },
    "category.map": {"their_code": "S-77", "ours": "0105"},
}
KINDS = {"escalation.check_in": "whistle", "escalation.relief_result": "relief_request"}
STATES = {"escalation.recall_confirm": "recalled", "escalation.close_confirm": "replied"}
ABOUT_SOMETHING = [type for type, verb in RULES.items() if verb.aim in {Aim.escalation, Aim.issue}]
LATER = "2099-01-01T00:00:00Z"


def id_of(type: str) -> UUID:
    """Each verb has a subject of its own, so that one stage is enough for all of them."""
    return UUID(int=1000 + list(RULES).index(type))


def no_of(type: str) -> str:
    return f"WLD-20260305-{1000 + list(RULES).index(type)}"


def subject(type: str, **changes: object) -> list[Event]:
    """What intake tells before this can be said."""
    aim = RULES[type].aim
    if aim is Aim.issue:
        state = "resolved" if type == "issue.evaluate" else "in_progress"
        about = {"id": str(id_of(type)), "no": no_of(type), "state": state}
        told: Event = event_of("issue.extension_asked", **{**about, **changes})
        return [told.model_copy(update={"to_level": 3})]
    if aim is not Aim.escalation:
        return []
    kind, state = KINDS.get(type, "handover"), STATES.get(type, "sent")
    about = {"id": str(id_of(type)), "issue_no": no_of(type), "type": kind, "state": state, "due_ack": LATER}
    return [event_of("escalation.recalled", **{**about, **changes})]


class Desk:
    """A street office that says what it likes."""

    def __init__(self, street: Street) -> None:
        self.street, self.stage = street, street.stage

    def body(self, type: str, *, seq: int | None = None, **changes: object) -> str:
        named: dict[str, object] = {"issue_no": no_of(type)}
        if RULES[type].aim is Aim.escalation:
            named["escalation_id"] = str(id_of(type))
        at = self.stage.clock.now().isoformat()
        call: dict[str, object] = {"type": type, "timestamp": at, "data": {**named, **SAID[type], **changes}}
        return json.dumps(call if seq is None else {**call, "seq": seq})

    async def say(self, type: str, *, seq: int | None = None, **changes: object) -> httpx.Response:
        return await self.street.send(self.body(type, seq=seq, **changes))


@pytest.fixture
async def desk(stage: Stage) -> Desk:
    return Desk(await enrol(stage))


@pytest.fixture
async def sqlite_desk(embedded_tables: Tables, clock: FakeClock) -> AsyncIterator[Desk]:
    """Where no row is at stake, one database is enough."""
    url = await embedded_tables(PLAN.service.metadata)
    async with staged(
        PLAN, ROUTERS, database_url=url, clock=clock, anew=False, relief_public_key=PUBLIC
    ) as stage:
        yield Desk(await enrol(stage))


def outcome(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


async def test_every_word_counts_once_however_often_it_comes_at_once(desk: Desk) -> None:
    for type in RULES:
        assert await desk.stage.give(*subject(type)) == []
        body = desk.body(type)
        answers = await asyncio.gather(*(desk.street.send(body, f"st_{type}") for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202], type
        told = await desk.stage.emitted()
        wanted = RULES[type].event
        assert [event.__class__ for event in told] == ([] if wanted is None else [wanted])
        mutated = await desk.street.send(desk.body(type, extra="x"), f"st_{type}")
        assert outcome(mutated) == (409, "webhook-id-reused")


async def test_a_word_about_what_is_unknown_or_not_theirs_finds_nothing(desk: Desk) -> None:
    for type in ABOUT_SOMETHING:
        unknown = await desk.say(type)
        assert await desk.stage.give(*subject(type, **ELSEWHERE)) == []
        foreign = await desk.say(type)
        assert {outcome(answer) for answer in (unknown, foreign)} == {(404, "not-found")}, type
    assert await desk.stage.emitted() == []


async def test_a_word_that_does_not_fit_is_refused_with_what_would(desk: Desk) -> None:
    for type in ABOUT_SOMETHING:
        wrong = "requested" if RULES[type].aim is Aim.escalation else "merged"
        assert await desk.stage.give(*subject(type, state=wrong)) == []
        answer = await desk.say(type)
        assert outcome(answer) == (409, "illegal-transition"), type
        assert answer.json()["allowed"] == []
    assert await desk.stage.emitted() == []


async def test_what_is_wrong_with_a_word_is_named(sqlite_desk: Desk) -> None:
    huge, bell = "长" * 5000, "a\u0007b"
    for type in RULES:
        assert await sqlite_desk.stage.give(*subject(type)) == []
        for name in SAID[type]:
            for value in (huge, bell, {"a": 1}, [1]):
                wrong: dict[str, Any] = {name: value}
                answer = await sqlite_desk.say(type, **wrong)
                assert answer.status_code == 422, (type, name, value)
                assert all(one["field"].startswith("data") for one in answer.json()["errors"])
    assert await sqlite_desk.stage.emitted() == []


BOUNDS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("escalation.relief_result", {"amount": "3.00"}, "data"),
    ("escalation.relief_result", {"goods": []}, "data"),
    ("escalation.relief_result", {"form": "money", "goods": []}, "data"),
    ("escalation.relief_result", {"form": "money", "goods": [], "amount": "1.234"}, "data.amount"),
    ("escalation.relief_result", {"form": "money", "goods": [], "amount": "-1"}, "data.amount"),
    ("escalation.relief_result", {"when": "0001-01-01T00:00:00+08:00"}, "data.when"),
    ("issue.supervise", {"level": 4}, "data.level"),
    ("issue.supervise", {"text": "  "}, "data.text"),
    ("issue.supervise", {"due": "2020-01-01T00:00:00Z"}, "data.due"),
    ("issue.evaluate", {"score": 0}, "data.score"),
    ("issue.dispatch", {"due": "2020-01-01T00:00:00Z"}, "data.due"),
    ("issue.dispatch", {"urgency": "U9"}, "data.urgency"),
    ("issue.dispatch", {"street_no": "no blanks"}, "data.street_no"),
    ("category.map", {"ours": "12"}, "data.ours"),
)


async def test_a_field_out_of_bounds_is_named(sqlite_desk: Desk) -> None:
    for type, changes, field in BOUNDS:
        assert await sqlite_desk.stage.give(*subject(type)) == []
        answer = await sqlite_desk.say(type, **changes)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert await sqlite_desk.stage.emitted() == []


async def test_what_a_newer_word_overtook_is_kept_and_flagged(desk: Desk) -> None:
    one = {"escalation_id": str(ESCALATION), "issue_no": ISSUE_NO}
    await desk.stage.give(event_of("escalation.requested"))
    answers = [
        await desk.say("escalation.progress", seq=2, **one),
        await desk.say("escalation.ack", seq=1, **one),
        await desk.say("escalation.progress", seq=2, text="the same count", **one),
        await desk.say("escalation.reply", seq=3, **one),
    ]
    assert [answer.status_code for answer in answers] == [202] * 4
    assert [answer.json()["verdict"] for answer in answers] == ["accepted", "stale", "stale", "accepted"]
    names = [type(event).__name__ for event in await desk.stage.emitted()]
    assert names == ["StreetProgressed", "StreetAcknowledged", "StreetReplied"]
    await desk.stage.give(*subject("issue.remind"))
    counted = [await desk.say("issue.remind", seq=seq) for seq in (5, 4)]
    assert [answer.json()["verdict"] for answer in counted] == ["accepted", "stale"]
    assert [type(event).__name__ for event in await desk.stage.emitted()] == ["StreetReminded"]


async def test_what_an_office_said_is_listed_with_what_became_of_it(desk: Desk) -> None:
    await desk.stage.give(*subject("issue.remind"))
    for seq in (5, 4):
        await desk.say("issue.remind", seq=seq)
    await desk.say("escalation.progress")
    async with desk.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        first = await client.get("/sources/st-cmd/calls", params={"limit": 2})
        rest = await client.get(f"http://test{first.links['next']['url']}")
        stale = (await client.get("/sources/st-cmd/calls", params={"verdict": "stale"})).json()
        absent = await client.get("/sources/nobody/calls")
        forged = await client.get("/sources/st-cmd/calls", params={"verdict": "x"})
    calls = [*first.json(), *rest.json()]
    assert [(one["verdict"], one["seq"], one["problem"]) for one in calls] == [
        ("refused", None, "not-found"),
        ("stale", 4, None),
        ("accepted", 5, None),
    ]
    assert [one["about"] for one in stale] == [f"issue/{no_of('issue.remind')}"]
    assert "hurry" not in first.text
    assert (absent.status_code, forged.status_code) == (404, 422)
    async with desk.stage.client(Role.STREET_OFFICER, areas=("620102015",)) as stranger:
        assert (await stranger.get("/sources/st-cmd/calls")).status_code == 403


async def test_time_is_given_where_it_was_asked_for_and_once(desk: Desk) -> None:
    same = {"id": str(id_of("issue.extension_decision")), "no": no_of("issue.extension_decision")}
    await desk.stage.give(event_of("issue.accepted", state="in_progress", version=2, **same))
    unasked = await desk.say("issue.extension_decision")
    assert unasked.json()["allowed"] == ["issue.supervise", "issue.remind"]
    [asked] = subject("issue.extension_decision")
    await desk.stage.give(asked)
    assert (await desk.say("issue.extension_decision")).status_code == 202
    again = await desk.say("issue.extension_decision", ok=False)
    assert outcome(again) == (409, "illegal-transition")
    await desk.stage.give(event_of("issue.extended", version=9, **same))
    assert (await desk.say("issue.extension_decision")).status_code == 409


async def test_a_matter_comes_once_under_its_number_and_under_our_code(desk: Desk) -> None:
    assert (await desk.say("category.map")).status_code == 202
    assert (await desk.say("category.map", ours="0106")).status_code == 202
    bodies = [desk.body("issue.dispatch", category="S-77", text=f"\n  a wall {n}\nleans") for n in range(20)]
    answers = await asyncio.gather(*(desk.street.send(body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 19
    other = await desk.say("issue.dispatch", street_no="GXD-8", category="unheard of", title="x" * 200)
    assert other.status_code == 202
    mapped, unknown = (event.model_dump() for event in await desk.stage.emitted())
    assert (mapped["category"], mapped["their_category"], mapped["area_code"]) == ("0106", "S-77", STREET)
    assert mapped["title"].startswith("a wall")
    assert (unknown["category"], unknown["their_category"]) == (None, "unheard of")
    async with desk.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        codes = (await client.get("/sources/st-cmd/categories")).json()
        absent = await client.get("/sources/nobody/categories")
    assert [(one["their_code"], one["ours"]) for one in codes] == [("S-77", "0106")]
    assert absent.status_code == 404


async def test_an_office_of_another_district_has_no_community_here(stage: Stage) -> None:
    wish = {"code": "st-cmd", "office": "ST-X", "area_code": "620103"}
    async with stage.client(Role.OPERATOR, areas=("620103",)) as client:
        made = await client.post("/sources", json=wish)
    answer = await Desk(Street(stage, made.json()["secret"])).say("issue.dispatch")
    assert outcome(answer) == (404, "not-found")


async def test_an_amount_travels_sealed_and_a_word_is_kept_under_lock(sqlite_desk: Desk) -> None:
    await sqlite_desk.stage.give(*subject("escalation.relief_result"))
    answer = await sqlite_desk.say(
        "escalation.relief_result", form="money", goods=[], amount="500.00", text="call 13893312345"
    )
    assert answer.status_code == 202
    [told] = await sqlite_desk.stage.emitted()
    facts = told.model_dump()
    assert unseal(PRIVATE, b64decode(facts["amount_sealed"])) == b"500.00"
    assert (facts["office"], facts["form"], facts["text"]) == ("街道妇联", "money", "call ***********")
    assert "500" not in told.model_dump_json()
    async with sqlite_desk.stage.runtime.database.reading() as session:
        [row] = await session.execute(text("SELECT about, body FROM inbound_calls"))
    assert row.about == f"escalation/{id_of('escalation.relief_result')}"
    assert b"500.00" not in bytes(row.body)


async def test_without_the_key_of_partners_an_amount_stays_here(desk: Desk) -> None:
    await desk.stage.give(*subject("escalation.relief_result"))
    await desk.say("escalation.relief_result", form="money", goods=[], amount="500.00")
    [told] = await desk.stage.emitted()
    assert told.model_dump()["amount_sealed"] is None


async def test_what_is_due_lies_ahead_when_it_is_said(desk: Desk) -> None:
    await desk.stage.give(*subject("issue.supervise"))
    soon = (desk.stage.clock.now() + timedelta(minutes=1)).isoformat()
    assert (await desk.say("issue.supervise", due=soon)).status_code == 202
    assert (await desk.say("issue.supervise", due=desk.stage.clock.now().isoformat())).status_code == 422


def test_a_whistle_says_where_and_until_when_and_a_request_for_relief_whom_to_ask() -> None:
    examples: Any = {type: example_of(told()[type], "https://c.example") for type in told()}
    whistle = examples["escalation.whistle"]["data"]
    assert {"place", "target_unit", "check_in_by"} <= whistle.keys()
    relief = examples["escalation.relief_requested"]["data"]
    assert (relief["need_kind"], relief["household_size_band"], relief["pii"]) == ("goods", "1", "reference")
    assert relief["links"]["identity"] == relief["links"]["self"] + "/identity-links"
    assert "household_code" not in relief
    given = examples["escalation.relief_given"]["data"]
    assert given["goods"] == [{"what": "quilt", "quantity": 2, "measure": "piece"}]
    assert not {"amount", "amount_sealed", "household_code"} & given.keys()
