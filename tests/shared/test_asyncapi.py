"""The document for strangers says what travels over the broker, and so does the page for people."""

from collections.abc import Iterator

import jsonschema
import orjson
import pytest

from shared.asyncapi import document, table
from shared.bus.topology import EXCHANGE
from shared.db import new_metadata
from shared.events import Event, catalogue
from shared.events.grid import AssignmentProposed, IssueLocated
from shared.service import Service, Work
from tests.shared.toys import LOCATED, PROPOSED, packed

EVENTS: dict[str, type[Event]] = {LOCATED: IssueLocated, PROPOSED: AssignmentProposed}


@pytest.fixture
def services() -> list[Service]:
    intake, notify = Service("intake", new_metadata()), Service("notify", new_metadata())

    @intake.on(IssueLocated)
    @notify.on(IssueLocated)
    async def hear(event: IssueLocated, work: Work) -> None: ...

    return [intake, notify]


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield str(value)
            yield from references(value)
    elif isinstance(node, list):
        for one in node:
            yield from references(one)


def found(made: object, reference: str) -> object:
    for part in reference.removeprefix("#/").split("/"):
        assert isinstance(made, dict)
        made = made[part]
    return made


def test_the_document_has_what_asyncapi_three_asks_for(services: list[Service]) -> None:
    made = document(EVENTS, services, version="1.2")
    assert made["asyncapi"] == "3.0.0"
    assert made["info"]["version"] == "1.2"
    assert made["info"]["title"]
    for address, channel in made["channels"].items():
        assert channel["address"] == address
        assert channel["bindings"]["amqp"]["exchange"]["name"] == EXCHANGE
        assert channel["messages"]
    for operation in made["operations"].values():
        assert operation["action"] in {"send", "receive"}
    assert orjson.loads(orjson.dumps(made)) == made


def test_who_sends_and_who_receives_is_named(services: list[Service]) -> None:
    operations = document(EVENTS, services, version="1")["operations"]
    assert set(operations) == {
        f"grid.sends.{LOCATED}",
        f"grid.sends.{PROPOSED}",
        f"intake.receives.{LOCATED}",
        f"notify.receives.{LOCATED}",
    }
    assert operations[f"notify.receives.{LOCATED}"]["bindings"]["amqp"]["cc"] == ["notify.events"]


def test_every_reference_leads_somewhere(services: list[Service]) -> None:
    made = document(catalogue(), services, version="1")
    for reference in references(made):
        assert found(made, reference)


def test_an_event_on_the_wire_fits_its_schema(services: list[Service]) -> None:
    made = document(EVENTS, services, version="1")
    payload = made["channels"][LOCATED]["messages"]["IssueLocated"]["payload"]
    schema = {**payload, "components": made["components"]}
    jsonschema.validate(orjson.loads(packed().body), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**orjson.loads(packed().body), "aggregateversion": 0}, schema)


def test_the_page_for_people_lists_every_event_with_its_listeners(services: list[Service]) -> None:
    lines = table(EVENTS, services).splitlines()
    assert any(line.startswith(f"| `{LOCATED}` |") and line.endswith("| intake, notify |") for line in lines)
    assert any(line.startswith(f"| `{PROPOSED}` |") and line.endswith("| – |") for line in lines)
