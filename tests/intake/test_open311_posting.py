"""Open311 as those who write see it: requests, answers to questions, updates, keys, and every refusal."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from services.intake.issues.models import Issue, Reporter, TimelineEntry
from shared.auth import Role
from shared.testing import COMMUNITY, Stage
from tests.intake.geo_desk import LAMP, V2, Desk, told
from tests.intake.people import People, kinds

UPDATE = {
    "jurisdiction_id": COMMUNITY,
    "update_id": "u-1",
    "updated_datetime": "2026-03-05T10:05:00+08:00",
    "status": "OPEN",
    "description": "it is dark again",
}
# What is sent beside a fit lamp, and what is said of it; None leaves a field out.
WRONG: list[tuple[dict[str, str | None], int, str]] = [
    ({"service_code": None}, 400, "service_code required"),
    ({"service_code": "  "}, 400, "service_code required"),
    ({"service_code": "0305"}, 404, "service_code 0305 not found"),
    ({"service_code": "0\x00"}, 404, "not found"),
    ({"jurisdiction_id": "chicago.gov"}, 404, "jurisdiction_id chicago.gov not found"),
    ({"lat": None, "long": None}, 400, "lat required"),
    ({"long": None}, 400, "long required"),
    ({"lat": "north"}, 400, "lat Input should be a valid number"),
    ({"lat": "91"}, 400, "lat "),
    ({"long": "nan"}, 400, "long "),
    ({"description": "x" * 4001}, 400, "description "),
    ({"description": "a\x00b"}, 400, "description "),
    ({"phone": "call me"}, 400, "phone "),
    ({"first_name": "x" * 101}, 400, "first_name "),
    ({"address_string": "x" * 501}, 400, "address_string "),
    ({"address_id": "\x00"}, 400, "address_id "),
    ({"email": "x" * 321}, 400, "email has 320 letters at most"),
    ({"media_url": "javascript:alert(1)"}, 400, "media_url must be an http or https address"),
    ({"media_url": "http://[::1"}, 400, "media_url must be an http or https address"),
    ({"service_code": "0106"}, 400, "TRAPPED required"),
    ({"service_code": "0106", "attribute[TRAPPED]": "perhaps"}, 400, "TRAPPED must be of yes, no"),
    ({"attribute[SINCE]": "yesterday"}, 400, "SINCE must be a datetime"),
    ({"service_code": "0601", "attribute[BAGS]": "inf"}, 400, "BAGS must be a number"),
    ({"attribute[OTHER]": "x" * 2001}, 400, "OTHER has 2000 letters at most"),
    ({"api_key": None}, 403, "api_key required"),
    ({"api_key": ""}, 403, "api_key required"),
    ({"api_key": "slk_0123456789abcdef_" + "A" * 43}, 403, "api_key is wrong or has been revoked"),
    ({"api_key": "letmein"}, 403, "api_key is wrong or has been revoked"),
]
NOWHERE = [
    ("GET", "/requests", 404),
    ("GET", "/services.yaml", 404),
    ("GET", "/nothing.json", 404),
    ("GET", "/services/0305.json", 404),
    ("GET", "/services/%00.xml", 404),
    ("GET", "/requests/WLD-20260305-9999.json", 404),
    ("GET", "/requests/%F0%9F%98%80'--.xml", 404),
    ("GET", "/tokens/%00.json", 404),
    ("GET", "/services.json?jurisdiction_id=elsewhere", 404),
    ("GET", "/requests.json?jurisdiction_id=elsewhere", 404),
    ("GET", "/requests.xml?status=pending", 400),
    ("GET", "/requests.json?start_date=2026-01-01", 400),
    ("GET", "/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-04-02T00:00:00Z", 400),
    ("GET", "/requests.json?end_date=9999-12-31T23:59:59Z", 400),
    ("GET", "/requests.json?start_date=0001-01-01T00:00:00Z", 400),
    ("GET", "/requests.json?page=0", 400),
    ("GET", "/requests.json?page_size=ten", 400),
    ("GET", "/requests.json?page=99999999999", 400),
    ("GET", "/requests.json?updated_after=now", 400),
    ("GET", "/servicerequestupdates.xml?start_date=x", 400),
    ("POST", "/services.json", 404),
    ("POST", "/requests.pdf", 404),
    ("POST", "/servicerequestupdates.json", 403),
]


@pytest.fixture
async def desk(people: People) -> Desk:
    made = Desk(people)
    await made.open()
    return made


async def kept(stage: Stage, model: type[Any]) -> int:
    async with stage.host.look() as work:
        return await work.session.scalar(select(func.count()).select_from(model)) or 0


async def test_a_request_goes_the_way_of_every_report(stage: Stage, desk: Desk) -> None:
    no = await desk.post(first_name="小明", last_name="王", phone="139 1234 5678", email="w@example.org")
    assert no == "WLD-20260305-0001"
    assert kinds(await stage.emitted()) == ["IssueReported"]
    issue = await desk.issue(no)
    assert (issue["channel"], issue["state"], issue["category"]) == ("open311", "reported", "0503")
    why = {"reason": "to call back"}
    reporter = (await desk.people.clerk.post(f"/issues/{issue['id']}/reporter", json=why)).json()
    assert (reporter["name"], reporter["phone"]) == ("小明 王", "13912345678")
    assert reporter["text"] == LAMP["description"]
    shown = (await desk.nobody.get(f"{V2}/requests/{no}.xml")).text
    assert not any(secret in shown for secret in ("小明", "13912345678", "example.org"))


async def test_a_request_without_a_name_is_anonymous_and_needs_no_words(stage: Stage, desk: Desk) -> None:
    no = await desk.post(description=None, lat=None, long=None, address_string="北方苑小区 3 号楼前")
    async with stage.host.look() as work:
        issue = (await work.session.scalars(select(Issue))).one()
    assert (issue.no, issue.title, issue.text, issue.reporter_subject) == (no, "公共照明、门禁", None, None)
    assert await kept(stage, Reporter) == 0


async def test_answers_to_questions_reach_the_staff_whether_we_asked_them_or_not(desk: Desk) -> None:
    said: dict[str, Any] = {
        **LAMP,
        "service_code": "0601",
        "media_url": "https://pictures.example/1.jpg",
        "attribute[WASTE][]": ["bulky", "building"],
        "attribute[BAGS]": "3",
        "attribute[easting]": "77",
    }
    answer = await desk.send(**said)
    (one,) = answer.json()
    assert one.keys() == {"service_request_id", "service_notice", "account_id"}
    issue = await desk.issue(one["service_request_id"])
    lines = (await desk.people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert [(line["command"], line["actor"]) for line in lines[1:]] == [("add", "open311:fixmystreet")]
    assert lines[1]["note"] == "WASTE: bulky, building\nBAGS: 3\neasting: 77\nhttps://pictures.example/1.jpg"


@pytest.mark.parametrize("suffix", ["json", "xml"])
async def test_what_is_wrong_is_told_by_field_and_nothing_is_kept(
    stage: Stage, desk: Desk, suffix: str
) -> None:
    for said, status, text in WRONG:
        answer = await desk.send(f"/requests.{suffix}", **{**LAMP, **said})
        assert answer.status_code == status, (said, answer.text)
        assert any(text in one for one in told(answer)), (said, answer.text)
    both = await desk.send(f"/requests.{suffix}", service_code="0106", description="a\x00b")
    assert [one.partition(" ")[0] for one in told(both)] == ["TRAPPED", "lat", "description"]
    assert await kept(stage, Issue) == 0


async def test_what_is_nowhere_or_makes_no_sense_is_refused_in_the_words_of_the_standard(desk: Desk) -> None:
    for method, path, status in NOWHERE:
        answer = await desk.nobody.request(method, V2 + path)
        assert answer.status_code == status, (path, answer.text)
        assert told(answer)
    for content, media in (
        (b"{", "application/json"),
        (b"--x", "multipart/form-data; boundary=x"),
        (b"", ""),
    ):
        answer = await desk.nobody.post(
            f"{V2}/requests.json", content=content, headers={"content-type": media}
        )
        assert answer.status_code in {400, 403}, answer.text
        assert told(answer)
    large = await desk.send("/servicerequestupdates.json", description="x" * 300_000)
    assert (large.status_code, told(large)[0][:13]) == (400, "at most 26214")


async def test_a_key_is_taken_from_form_query_or_header_until_it_is_revoked(stage: Stage, desk: Desk) -> None:
    url, clerk = f"{V2}/requests.json", desk.people.clerk
    form = {**LAMP, "api_key": desk.key}
    async with stage.client(key=desk.key) as bearer:

        async def each_way() -> list[int]:
            answers = [
                await desk.send(**LAMP),
                await desk.nobody.post(url, params={"api_key": desk.key}, data=LAMP),
                await bearer.post(url, data=LAMP),
                await desk.nobody.post(url, files={name: (None, text) for name, text in form.items()}),
            ]
            return [one.status_code for one in answers]

        assert await each_way() == [200] * 4
        assert (await bearer.post("/issues", json={"title": "x"})).status_code == 403
        (key,) = (await clerk.get("/open311-keys")).json()
        assert "key" not in key
        revoked = (await clerk.post(f"/open311-keys/{key['key_id']}/revoke")).json()
        assert revoked["revoked_at"] == "2026-03-05T02:00:00Z"
        assert await each_way() == [403] * 4
    assert (await desk.people.worker.get("/open311-keys")).status_code == 403
    assert (await clerk.post("/open311-keys/0123456789abcdef/revoke")).status_code == 404
    body, headers = {"client": "a", "label": "b"}, {"Idempotency-Key": "k"}
    once, again = [await clerk.post("/open311-keys", json=body, headers=headers) for _ in range(2)]
    assert once.json()["key"] == again.json()["key"]
    async with stage.client(Role.COMMUNITY_CLERK, areas=("620102014007",)) as other:
        assert (await other.post("/open311-keys", json={"client": "a", "label": "b"})).status_code == 403
        assert (await other.post(url, data=LAMP)).status_code == 403


async def test_many_requests_at_once_and_repeated_keys_lose_and_double_nothing(
    stage: Stage, desk: Desk
) -> None:
    made = await asyncio.gather(
        *(desk.post() for _ in range(8)), desk.send(service_code="0106", lat="1", long="1")
    )
    assert sorted(str(no) for no in made[:8]) == [f"WLD-20260305-{n:04d}" for n in range(1, 9)]
    answers = [
        await desk.nobody.post(
            f"{V2}/requests.xml", data={**LAMP, "api_key": desk.key}, headers={"Idempotency-Key": "lamp-1"}
        )
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["content-type"] == "text/xml; charset=utf-8"
    assert await kept(stage, Issue) == 9


async def test_trying_out_takes_every_step_but_the_last(stage: Stage, desk: Desk) -> None:
    test = "/open311/test/v2"
    answer = await desk.nobody.post(f"{test}/requests.json", data={**LAMP, "api_key": desk.key})
    assert answer.json()[0]["service_request_id"] == "WLD-00000000-0000"
    wrong = await desk.nobody.post(f"{test}/requests.json", data={**LAMP, "api_key": desk.key, "lat": "x"})
    assert wrong.status_code == 400
    said = {**UPDATE, "api_key": desk.key, "service_request_id": "WLD-00000000-0000"}
    assert (await desk.nobody.post(f"{test}/servicerequestupdates.json", data=said)).json() == [
        {"update_id": "u-1"}
    ]
    assert await kept(stage, Issue) == 0


async def test_each_step_of_a_request_is_an_update_with_a_word_of_the_extension(
    stage: Stage, desk: Desk
) -> None:
    issue = await desk.people.issue("verified")
    stage.clock.advance(timedelta(minutes=1))
    await desk.people.tell("call-back", issue, desk.people.clerk, solved=False, rating=None)
    await desk.people.report(desk.people.worker, category="0305")
    feed = await desk.get("/servicerequestupdates.json", start_date="2026-03-05T00:00:00Z")
    assert {one["service_request_id"] for one in feed} == {issue["no"]}
    assert [one["status"] for one in feed] == [
        *("investigating", "action_scheduled", "in_progress", "in_progress", "fixed", "reopen"),
    ]
    assert len({one["update_id"] for one in feed}) == 6
    found = await desk.xml("/servicerequestupdates.xml", start_date="2026-03-05T10:00:30+08:00")
    assert (found.tag, [one.tag for one in found]) == ("service_request_updates", ["request_update"])
    assert found.findtext("request_update/updated_datetime") == "2026-03-05T10:01:00+08:00"
    assert [one["status"] for one in await desk.get("/servicerequestupdates.json", page=2, page_size=5)] == [
        "reopen"
    ]
    assert await desk.get("/servicerequestupdates.json", end_date="2026-03-05T00:00:00Z") == []


async def test_an_update_by_a_client_is_read_by_the_staff_once_and_moves_nothing(
    stage: Stage, desk: Desk
) -> None:
    no = await desk.post()
    path, said = "/servicerequestupdates.json", {**UPDATE, "service_request_id": no}
    answer = await desk.send(path, **said)
    assert (answer.status_code, answer.json()) == (200, [{"update_id": "u-1"}])
    again = await desk.send(path, **said)
    assert (again.status_code, told(again)) == (400, ["update_id u-1 already exists"])
    for name in (*UPDATE, "service_request_id"):
        missing = await desk.send(path, **{**said, "update_id": "u-2", name: None})
        assert (missing.status_code, told(missing)) == (400, [f"Bad request: {name}"])
    for name, value in {
        "status": "BETTER",
        "updated_datetime": "now",
        "description": "\x00",
        "update_id": "x" * 201,
    }.items():
        assert told(await desk.send(path, **{**said, "update_id": "u-2", name: value})) == [
            f"Bad request: {name}"
        ]
    assert (await desk.send(path, **{**said, "service_request_id": "WLD-1"})).status_code == 404
    issue = await desk.issue(no)
    async with stage.host.look() as work:
        query = select(TimelineEntry).where(
            TimelineEntry.issue_id == UUID(issue["id"]), TimelineEntry.command == "add"
        )
        (entry,) = await work.session.scalars(query)
    assert (entry.note, entry.reason_code, entry.actor) == (
        "it is dark again",
        "said_open",
        "open311:fixmystreet",
    )
    assert issue["state"] == "reported"
    await desk.people.tell("reject", issue, desk.people.clerk)
    late = await desk.send(path, **{**said, "update_id": "u-3"})
    assert (late.status_code, "rejected" in told(late)[0]) == (400, True)


async def test_a_client_speaks_of_its_own_requests_and_of_public_ones(desk: Desk) -> None:
    hidden = await desk.people.report(category="0305")
    said = {**UPDATE, "service_request_id": hidden["no"]}
    answer: httpx.Response = await desk.send("/servicerequestupdates.xml", **said)
    assert (answer.status_code, told(answer)) == (404, [f"service_request_id {hidden['no']} not found"])
    mine = await desk.post()
    await desk.people.tell("accept", await desk.issue(mine), desk.people.clerk, category="0305")
    assert (
        await desk.send("/servicerequestupdates.xml", **{**said, "service_request_id": mine})
    ).status_code == 200
    await desk.open("another-site")
    answer = await desk.send("/servicerequestupdates.xml", **{**said, "service_request_id": mine})
    assert answer.status_code == 404
