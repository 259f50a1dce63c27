"""Open311 as its readers see it: discovery, services, requests, tokens; held to the standard's schemas."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from services.intake.catalogue import load_catalogue
from services.intake.open311 import views
from services.intake.open311.rules import load_open311
from shared.settings import BadSettings
from shared.testing import Stage
from tests.intake.geo_desk import COMMUNITY_ID, V2, Desk, told
from tests.intake.people import People, located
from tests.intake.test_rules import changed

TEXT, MAYBE = {"type": "string"}, {"type": ["string", "null"]}
CODE = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}
DEGREES = {"type": ["number", "null"]}


def schema(required: str, /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


SERVICE = schema(
    "service_code service_name description metadata type keywords group",
    service_code=CODE,
    service_name=TEXT,
    description=TEXT,
    metadata={"type": "boolean"},
    type={"enum": ["realtime", "batch", "blackbox"]},
    keywords=TEXT,
    group=TEXT,
)
CHOICE = schema("key name", key=TEXT, name=TEXT)
ATTRIBUTE = schema(
    "variable code datatype required order values",
    variable={"type": "boolean"},
    code=CODE,
    datatype={"enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
    required={"type": "boolean"},
    datatype_description=MAYBE,
    order={"type": "integer"},
    description=MAYBE,
    values={"type": "array", "items": CHOICE},
)
DEFINITION = schema(
    "service_code attributes", service_code=CODE, attributes={"type": "array", "items": ATTRIBUTE}
)
REQUEST = schema(
    "service_request_id status service_code requested_datetime",
    service_request_id=CODE,
    status={"enum": ["open", "closed"]},
    status_notes=MAYBE,
    service_name=MAYBE,
    service_code=CODE,
    description=MAYBE,
    agency_responsible=MAYBE,
    service_notice=MAYBE,
    requested_datetime=DATE,
    updated_datetime=DATE,
    expected_datetime={"anyOf": [DATE, {"type": "null"}]},
    address=MAYBE,
    address_id=MAYBE,
    zipcode=MAYBE,
    lat=DEGREES,
    long=DEGREES,
    media_url=MAYBE,
)
ENDPOINT = schema(
    "specification url changeset type formats",
    specification={"const": "http://wiki.open311.org/GeoReport_v2"},
    url={"type": "string", "pattern": "^https?://"},
    changeset=DATE,
    type={"enum": ["production", "test"]},
    formats={"type": "array", "items": {"enum": ["text/xml", "application/json"]}, "minItems": 2},
)
DISCOVERY = schema(
    "changeset contact key_service endpoints",
    changeset=DATE,
    contact=TEXT,
    key_service=TEXT,
    endpoints={"type": "array", "items": ENDPOINT, "minItems": 2},
)
GOLDEN = Path(__file__).parent / "golden"


def fit(shape: dict[str, Any], *items: Any) -> None:
    checker = Draft202012Validator(shape, format_checker=FormatChecker())
    assert items
    for item in items:
        assert list(checker.iter_errors(item)) == []


@pytest.fixture
async def desk(people: People) -> Desk:
    made = Desk(people)
    await made.open()
    return made


def as_json(element: Element, rows: frozenset[str]) -> Any:
    """An XML answer by the Spark convention: repeated children make an array, an empty element is null."""
    if element.tag in rows:
        return [as_json(child, rows) for child in element]
    if len(element):
        return {child.tag: as_json(child, rows) for child in element}
    return element.text


async def test_the_discovery_names_two_endpoints_in_both_formats(desk: Desk) -> None:
    for path in (f"{V2}/discovery", "/open311/discovery", "/open311/test/v2/discovery"):
        answer = (await desk.nobody.get(f"{path}.json")).json()
        fit(DISCOVERY, answer)
        assert [one["type"] for one in answer["endpoints"]] == ["production", "test"]
        assert answer["endpoints"][0]["url"].endswith("/open311/v2")
    found = await desk.xml("/discovery.xml")
    assert [one.findtext("type") for one in found.iterfind("endpoints/endpoint")] == ["production", "test"]
    assert [one.text for one in found.iterfind("endpoints/endpoint[1]/formats/format")] == [
        *("text/xml", "application/json"),
    ]


async def test_only_plain_categories_are_services(desk: Desk) -> None:
    services = await desk.get("/services.json", jurisdiction_id=COMMUNITY_ID)
    fit(SERVICE, *services)
    plain = [one.code for one in load_catalogue().categories if one.privacy_class == 0]
    assert [one["service_code"] for one in services] == plain
    found = await desk.xml("/services.xml")
    assert found.tag == "services"
    assert [one.findtext("metadata") for one in found][:3] == ["false", "true", "true"]


async def test_a_definition_asks_its_questions_and_is_an_object(desk: Desk) -> None:
    for one in await desk.get("/services.json"):
        definition = await desk.get(f"/services/{one['service_code']}.json")
        fit(DEFINITION, definition)
        orders = [attribute["order"] for attribute in definition["attributes"]]
        assert orders == list(range(1, len(orders) + 1))
        assert bool(orders) == one["metadata"]
    found = await desk.xml("/services/0106.xml")
    assert found.tag == "service_definition"
    assert [one.findtext("key") for one in found.iterfind("attributes/attribute[1]/values/value")] == [
        *("yes", "no"),
    ]
    assert found.find("attributes/attribute[2]/values") is not None


def test_the_changeset_moves_with_the_services_and_their_questions() -> None:
    geo = load_open311(load_catalogue())
    said = json.dumps([[views.service(one), views.definition(one)] for one in geo.services.values()])
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    assert (geo.rules.changeset.isoformat(), digest) == ("2026-11-23T00:00:00+00:00", "d031d824a6f7")


def test_rules_that_offer_a_personal_matter_are_refused(tmp_path: Path) -> None:
    def personal(content: Any) -> None:
        content["services"]["0305"] = {"batch": True}

    def nameless(content: Any) -> None:
        del content["states"]["merged"]

    def choiceless(content: Any) -> None:
        content["services"]["0106"]["attributes"][0]["values"] = []

    for change, said in ((personal, "0305"), (nameless, "merged"), (choiceless, "TRAPPED")):
        with pytest.raises(BadSettings, match=said):
            load_open311(load_catalogue(), changed(tmp_path / "own.yaml", "open311.yaml", change))


async def test_a_request_is_the_same_record_in_both_formats_and_both_places(desk: Desk) -> None:
    no = await desk.post(address_string="北方苑小区 二单元 <门口> & 旁")
    listed = await desk.get("/requests.json")
    single = await desk.get(f"/requests/{no}.json")
    fit(REQUEST, *listed)
    assert listed == single
    (one,) = single
    assert one == json.loads((GOLDEN / "open311_request.json").read_text(encoding="utf-8"))[0]
    rows = frozenset({"service_requests"})
    for found in (await desk.xml("/requests.xml"), await desk.xml(f"/requests/{no}.xml")):
        assert found.tag == "service_requests"
        texts = {name: None if value is None else str(value) for name, value in one.items()}
        assert as_json(found, rows) == [texts]
    golden = (GOLDEN / "open311_request.xml").read_text(encoding="utf-8").strip()
    found = await desk.xml("/requests.xml")
    assert tostring(found, encoding="unicode", short_empty_elements=False) == golden


async def test_no_request_at_all_is_an_empty_array_and_an_empty_root(desk: Desk) -> None:
    assert await desk.get("/requests.json") == []
    answer = await desk.nobody.get(f"{V2}/requests.xml")
    assert answer.text.endswith("<service_requests></service_requests>")
    assert await desk.get("/requests.json", service_request_id="WLD-20260305-0099,x") == []
    assert await desk.get("/requests.json", service_code="000") == []


async def test_what_is_personal_or_merely_guessed_is_not_public(desk: Desk) -> None:
    people = desk.people
    guessed = await people.report(category="0503", title="a guess")
    personal = await people.report(people.worker, category="0305")
    plain = await people.report(people.worker, category="0503", location={"compound": "北方苑小区"})
    assert await desk.ids() == [plain["no"]]
    for hidden in (guessed, personal):
        answer = await desk.nobody.get(f"{V2}/requests/{hidden['no']}.json")
        assert (answer.status_code, told(answer)) == (404, [f"service_request_id {hidden['no']} not found"])
    (shown,) = await desk.get("/requests.json")
    assert (shown["description"], shown["address"]) == (None, "北方苑小区")
    await people.tell("accept", guessed, people.clerk)
    assert set(await desk.ids()) == {plain["no"], guessed["no"]}


async def test_words_with_a_phone_number_and_unseen_pictures_stay_here(desk: Desk) -> None:
    picture = "https://pictures.example/1.jpg"
    no = await desk.post(description="call 139-1234-5678", media_url=picture, address_string="0931 4871234")
    (shown,) = await desk.get(f"/requests/{no}.json")
    assert [shown[name] for name in ("description", "media_url", "address")] == [None] * 3
    await desk.people.tell("accept", await desk.issue(no), desk.people.clerk)
    (shown,) = await desk.get(f"/requests/{no}.json")
    assert (shown["description"], shown["media_url"]) == (None, picture)


async def test_requests_are_found_by_number_code_status_and_time(stage: Stage, desk: Desk) -> None:
    first = await desk.post()
    stage.clock.advance(timedelta(days=1))
    second = await desk.post(service_code="0601")
    await desk.people.tell("reject", await desk.issue(second), desk.people.clerk)
    assert await desk.ids() == [second, first]
    assert await desk.ids(service_code="0503,0702") == [first]
    assert await desk.ids(service_code=["0503", "0601"]) == [second, first]
    assert await desk.ids(status="closed") == [second]
    assert await desk.ids(status="open, closed", service_code="") == [second, first]
    assert await desk.ids(start_date="2026-03-06T00:00:00Z") == [second]
    assert await desk.ids(end_date="2026-03-05T10:00:00+08:00") == [first]
    assert await desk.ids(start_date="2026-03-05T10:00:01 08:00", end_date="2026-04-01T00:00:00Z") == [second]
    assert await desk.ids(service_request_id=f"{first},{second},x", status="closed") == [second, first]
    assert await desk.ids(updated_after="2026-03-05T12:00:00Z") == [second]
    assert await desk.ids(updated_before="2026-03-05T12:00:00Z") == [first]
    stage.clock.advance(timedelta(days=90))
    assert await desk.ids() == [second]
    assert await desk.ids(end_date="2026-03-06T00:00:00Z") == [first]


async def test_pages_are_counted_in_headers_and_cover_everything_once(stage: Stage, desk: Desk) -> None:
    made = []
    for _ in range(5):
        made.append(await desk.post())
        stage.clock.advance(timedelta(seconds=1))
    seen: list[str] = []
    for page in (1, 2, 3):
        answer = await desk.nobody.get(
            f"{V2}/requests.json", params={"page": page, "page_size": 2, "status": "open"}
        )
        assert answer.headers["x-total-count"] == "5"
        seen += [one["service_request_id"] for one in answer.json()]
        links = answer.headers["link"]
        assert ('rel="next"' in links, 'rel="prev"' in links) == (page < 3, page > 1)
        assert '<?status=open&page=3&page_size=2>; rel="last"' in links
    assert seen == made[::-1]
    assert await desk.ids(page_size=5000) == made[::-1]
    assert await desk.ids(page=9) == []


async def test_the_fine_state_is_an_extension_and_the_status_one_of_two_words(desk: Desk) -> None:
    no = await desk.post(**{"attribute[KIND]": "light", "attribute[SINCE]": "2026-03-04T19:00:00+08:00"})
    issue = await desk.issue(no)
    await desk.people.tell("accept", issue, desk.people.clerk)
    await desk.people.stage.give(located(issue))
    (one,) = await desk.get("/requests.json", extensions="true")
    assert (one["status"], one["extended_attributes"]["detailed_status"]) == ("open", "IN_PROCESS")
    assert one["extended_attributes"]["area_code"].startswith(COMMUNITY_ID)
    assert [(answer["code"], answer["value"]) for answer in one["attributes"]] == [
        ("KIND", "light"),
        ("SINCE", "2026-03-04T19:00:00+08:00"),
    ]
    assert one["notes"][0]["description"] == one["status_notes"]
    found = await desk.xml(f"/requests/{no}.xml", extensions="true")
    assert found.findtext("request/attributes/attribute/name") == "照明 · light"
    assert "attributes" not in (await desk.get("/requests.json"))[0]


async def test_a_closed_request_was_updated_when_it_was_closed(stage: Stage, desk: Desk) -> None:
    issue = await desk.people.issue("closed")
    (one,) = await desk.get("/requests.json", status="closed")
    assert (one["service_request_id"], one["updated_datetime"]) == (issue["no"], "2026-03-05T10:00:00+08:00")


async def test_a_token_stands_for_a_suggestion_until_somebody_has_read_it(desk: Desk) -> None:
    token = await desk.post(
        service_code="1001", description="a bench, please", lat=None, long=None, address_id="北方苑小区"
    )
    assert await desk.ids() == []
    assert await desk.get(f"/tokens/{token}.json") == [{"service_request_id": None, "token": token}]
    waiting = await desk.xml(f"/tokens/{token}.xml")
    assert [child.tag for child in waiting[0]] == ["token"]
    (issue,) = (await desk.people.clerk.get("/issues")).json()
    await desk.people.tell("accept", issue, desk.people.clerk, category="1001")
    assert await desk.get(f"/tokens/{token}.json") == [{"service_request_id": issue["no"], "token": token}]
    assert await desk.ids() == [issue["no"]]
    answer = await desk.nobody.get(f"{V2}/tokens/7H2K-9QWE-04TZ.xml")
    assert (answer.status_code, told(answer)) == (404, ["token 7H2K-9QWE-04TZ not found"])
