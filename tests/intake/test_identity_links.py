"""Who relief is asked for: told once, to the office that was asked, and written down."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from shared.auth import Caller, Role
from shared.testing import Stage
from tests.intake.people import DOSSIER, STREET, People
from tests.intake.test_street_words import asked

WHY = {"reason": "the women's federation brings quilts"}
PERSON = {"name": "宋阿姨", "phone": "13900000001"}


async def relief(people: People, **changes: Any) -> dict[str, Any]:
    """The street is asked to help somebody for whom a neighbour reported."""
    said = {
        "reporter": {"name": "邻居", "phone": "13900000002"},
        "beneficiary": {**PERSON, "relation": "neighbour"},
    }
    issue = await people.issue("in_progress", **said)
    wish = {"type": "relief_request", "to_level": 3, "household": "HH-1-0007", "dossier": DOSSIER, **changes}
    answer = await people.tell("escalate", issue, people.secretary, **wish, criteria=[])
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def link_to(people: People, escalation: dict[str, Any]) -> dict[str, Any]:
    answer = await people.officer.post(f"/escalations/{escalation['id']}/identity-links", json=WHY)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return dict(answer.json())


async def opened(by: httpx.AsyncClient, link: dict[str, Any]) -> httpx.Response:
    return await by.post("/identity-links/open", json={"token": link["token"]})


async def test_the_office_that_was_asked_learns_once_who_it_is(stage: Stage, people: People) -> None:
    escalation = await relief(people)
    link = await link_to(people, escalation)
    told = await opened(people.officer, link)
    assert told.status_code == 200
    assert told.json() == {
        "issue_no": escalation["issue_no"],
        "household_code": "HH-1-0007",
        **PERSON,
        "relation": "neighbour",
        "location": {"point": None, "compound": None, "address": None},
    }
    again = await opened(people.officer, link)
    assert (again.status_code, again.json()["type"]) == (409, "urn:sanlian:problem:link-spent")
    [shown] = (await people.clerk.get(f"/escalations/{escalation['id']}/identity-links")).json()
    assert (shown["asked_by"], shown["reason"]) == ("o-1", WHY["reason"])
    assert shown["used_at"] is not None
    assert not {"token", "url"} & shown.keys()
    assert (await people.steps({"id": escalation["issue_id"]}))[-2:] == ["ask-identity", "read-identity"]


async def test_each_reading_is_in_the_log_with_its_reader_and_reason(stage: Stage, people: People) -> None:
    escalation = await relief(people)
    for _ in range(2):
        assert (await opened(people.officer, await link_to(people, escalation))).status_code == 200
    async with stage.runtime.database.reading() as session:
        rows = await session.execute(
            text("SELECT reader, subject, reason FROM read_log WHERE reader = 'o-1' ORDER BY id")
        )
        log = [tuple(row) for row in rows]
    assert log == [("o-1", f"issue:{escalation['issue_id']}", WHY["reason"])] * 2


async def test_a_link_opens_once_however_many_knock(stage: Stage, people: People) -> None:
    link = await link_to(people, await relief(people))
    answers = await asyncio.gather(*(opened(people.officer, link) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


async def test_a_link_opens_for_some_minutes(stage: Stage, people: People) -> None:
    escalation = await relief(people)
    link = await link_to(people, escalation)
    stage.clock.advance(timedelta(minutes=15))
    assert (await opened(people.officer, link)).json()["type"] == "urn:sanlian:problem:link-spent"


async def test_a_link_is_nobody_elses(stage: Stage, people: People) -> None:
    link = await link_to(people, await relief(people))
    async with stage.client(Role.STREET_OFFICER, areas=(STREET,), subject="o-2") as other:
        answers = [await opened(other, link), await opened(people.officer, {"token": "x" * 43})]
    assert {answer.status_code for answer in answers} == {404}
    for client, status in (
        (people.clerk, 403),
        (people.worker, 403),
        (people.resident, 403),
        (people.nobody, 401),
    ):
        assert (await opened(client, link)).status_code == status
    assert (await opened(people.officer, link)).status_code == 200


@pytest.mark.parametrize("kind", ["handover", "whistle"])
async def test_what_is_no_request_for_relief_tells_nobody(stage: Stage, people: People, kind: str) -> None:
    _, escalation = await asked(people, kind)
    refused = await people.officer.post(f"/escalations/{escalation['id']}/identity-links", json=WHY)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sanlian:problem:identity-not-told")


async def test_what_is_over_tells_nobody_any_more(stage: Stage, people: People) -> None:
    escalation = await relief(people)
    link = await link_to(people, escalation)
    await people.clerk.post(f"/escalations/{escalation['id']}/recall")
    refused = await people.officer.post(f"/escalations/{escalation['id']}/identity-links", json=WHY)
    late = await opened(people.officer, link)
    types = {answer.json()["type"] for answer in (refused, late)}
    assert types == {"urn:sanlian:problem:identity-not-told"}


async def test_who_takes_back_their_consent_is_not_told_of_any_more(stage: Stage, people: People) -> None:
    escalation = await relief(people)
    link = await link_to(people, escalation)
    yes = {"purpose": "identity_to_street", "channel": "paper", "name": PERSON["name"]}
    path = f"/issues/{escalation['issue_id']}/consents"
    consent = (await people.clerk.post(path, json=yes)).json()
    assert (await people.clerk.post(f"/consents/{consent['id']}/withdraw")).is_success
    refused = await opened(people.officer, link)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sanlian:problem:identity-not-told")
    stage.clock.advance(timedelta(minutes=1))
    assert (await people.clerk.post(path, json=yes)).status_code == 201
    assert (await opened(people.officer, link)).status_code == 200


async def test_an_office_speaks_through_its_own_people_alone(stage: Stage, people: People) -> None:
    escalation = await relief(people, target="ST-WF")
    path = f"/escalations/{escalation['id']}/identity-links"
    assert (await people.officer.post(path, json=WHY)).status_code == 403
    own = Caller("wf-1", frozenset({Role.STREET_OFFICER}), (STREET,), unit="ST-WF")
    headers = {"Authorization": f"Bearer {stage.token(own)}"}
    async with stage.client() as client:
        made = await client.post(path, json=WHY, headers=headers)
        assert made.status_code == 201
        told = await client.post(
            "/identity-links/open", json={"token": made.json()["token"]}, headers=headers
        )
        assert told.json()["name"] == PERSON["name"]
        assert [one["unit"] for one in (await client.get(path, headers=headers)).json()] == ["ST-WF"]
    async with stage.client(Role.STREET_OFFICER, areas=("620102015",), subject="o-9") as elsewhere:
        assert (await elsewhere.post(path, json=WHY)).status_code == 403
        assert (await elsewhere.get(path)).status_code == 403


async def test_links_are_not_made_without_end_nor_without_a_reason(stage: Stage, people: People) -> None:
    escalation = await relief(people)
    path = f"/escalations/{escalation['id']}/identity-links"
    wrong: tuple[object, ...] = ({}, {"reason": "   "}, {"reason": "a\u0000bcdef"}, {"reason": "x" * 501}, [])
    for body in wrong:
        assert (await people.officer.post(path, json=body)).status_code == 422
    keyed = await people.officer.post(path, json=WHY, headers={"Idempotency-Key": '"k-1"'})
    assert keyed.status_code == 422
    answers = [await people.officer.post(path, json=WHY) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [409]
    lone_surrogates = b'{"token": "' + b"\\ud800" * 30 + b'"}'
    for content in (b'{"token": ""}', b'{"token": "short"}', b'{"token": 7}', b"{}", lone_surrogates):
        headers = {"content-type": "application/json"}
        answer = await people.officer.post("/identity-links/open", content=content, headers=headers)
        assert 400 <= answer.status_code < 500, content


async def test_relief_is_asked_for_a_household_of_the_issue(stage: Stage, people: People) -> None:
    issue = await people.report(people.clerk, category="0303", households=["HH-1", "HH-2"])
    issue = await people.look(issue)
    wish = {"type": "relief_request", "to_level": 3, "dossier": DOSSIER, "criteria": []}
    wrong = await people.tell("escalate", issue, people.secretary, **wish, household="HH-3")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "household")
    right = await people.tell("escalate", issue, people.secretary, **wish, household="HH-2")
    none = await people.tell("escalate", issue, people.secretary, **wish)
    assert [answer.json()["household_code"] for answer in (right, none)] == ["HH-2", None]
    alone = await people.report(people.clerk, category="0303", households=["HH-1"])
    known = await people.tell("escalate", alone, people.secretary, **wish)
    assert known.json()["household_code"] == "HH-1"
