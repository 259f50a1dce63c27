"""What holds for every event: one class and one string, a snapshot with a version, nobody's personal data."""

import ast
import inspect
from collections.abc import Iterator
from typing import get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel

from shared.asyncapi import document
from shared.envelope import Cause, seal, unpack
from shared.events import Event, Snapshot, catalogue
from tests.architecture.sources import sources
from tests.contracts.samples import sample
from tests.shared.toys import NOW

CONTRACTS = sorted(catalogue().items())
TELLING = frozenset([
    "address",
    "birth",
    "birthday",
    "contact",
    "description",
    "diagnosis",
    "email",
    "family",
    "gender",
    "id_number",
    "mobile",
    "name",
    "nickname",
    "person",
    "phone",
    "place",
    "reporter",
    "resident",
    "text",
    "title",
    "wechat",
])
BLACKED_OUT = "an office's words, blacked out where they hold a phone or identity number"
REFUSED = "an office's words, refused where they hold a phone or identity number"
# Each field whose name sounds of a person, and why it tells of none.
HARMLESS = {
    "Handler.person": "a subject of our tokens: an id, by which no stranger knows anybody",
    "UnitSnapshot.name": "the name of an organisation",
    "OfferSnapshot.title": "the words of a member unit about what it gives",
    "Dossier.place": "a public place to come to, refused where it holds a phone or identity number",
    "StreetDispatched.text": BLACKED_OUT,
    "StreetDispatched.title": BLACKED_OUT,
    "StreetEvaluated.text": BLACKED_OUT,
    "StreetExtensionDecided.text": BLACKED_OUT,
    "StreetReminded.text": BLACKED_OUT,
    "StreetReliefGiven.text": BLACKED_OUT,
    "StreetSupervised.text": BLACKED_OUT,
    "StreetProgressed.text": REFUSED,
    "StreetReplied.text": REFUSED,
    "StreetReturned.text": REFUSED,
    "EmergencyReportFiled.place": "a public place, refused where it holds a phone or identity number",
}


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and all models inside it."""
    yield model
    for field in model.model_fields.values():
        yield from within(field.annotation)


def within(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from models(annotation)
    for part in get_args(annotation):
        yield from within(part)


@pytest.mark.parametrize(("type", "contract"), CONTRACTS)
def test_every_event_tells_of_one_snapshot_with_a_version(type: str, contract: type[Event]) -> None:
    about = contract.model_fields[contract.about]
    assert about.is_required()
    assert inspect.isclass(about.annotation)
    assert issubclass(about.annotation, Snapshot)
    assert contract.__doc__, f"say what {type} means"


def test_every_type_string_stands_once_in_the_code() -> None:
    found: dict[str, list[str]] = {type: [] for type in catalogue()}
    for source in sources("shared", "services", "sanlian"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and node.value in found:
                found[node.value].append(f"{source.path}:{node.lineno}")
    repeated = {type: places for type, places in found.items() if len(places) != 1}
    assert not repeated, f"import the class instead of repeating its type: {repeated}"


def test_every_event_is_declared_by_its_owner() -> None:
    strange = [
        type
        for type, contract in catalogue().items()
        if not contract.__module__.startswith(f"shared.events.{contract.owner}")
    ]
    assert not strange


def test_no_field_of_an_event_sounds_of_a_person() -> None:
    telling = {
        f"{model.__name__}.{name}"
        for contract in catalogue().values()
        for model in models(contract)
        for name in model.model_fields
        if name in TELLING or any(name.endswith(f"_{word}") for word in TELLING - {"name", "text", "title"})
    }
    assert telling <= HARMLESS.keys(), f"leave it out, or say why not: {sorted(telling - HARMLESS.keys())}"
    assert telling >= HARMLESS.keys(), f"reasons without a field: {sorted(HARMLESS.keys() - telling)}"


def test_the_document_for_strangers_covers_every_event() -> None:
    made = document(catalogue(), [], version="1")
    assert made["channels"].keys() == catalogue().keys()


@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
@pytest.mark.parametrize(("type", "contract"), CONTRACTS)
def test_every_event_survives_the_wire(type: str, contract: type[Event], full: bool) -> None:
    event = sample(contract, full=full)
    (envelope,) = unpack(seal(event, occurred_at=NOW, cause=Cause(correlation_id=uuid4())).body)
    assert envelope.open() == event
    assert (envelope.type, envelope.version, envelope.occurred_at) == (type, event.snapshot.version, NOW)


@pytest.mark.parametrize(("type", "contract"), CONTRACTS)
def test_a_reader_of_today_takes_what_a_writer_of_tomorrow_adds(type: str, contract: type[Event]) -> None:
    event = sample(contract, full=True)
    (envelope,) = unpack(seal(event, occurred_at=NOW, cause=Cause(correlation_id=uuid4())).body)
    assert contract.model_validate({**envelope.data, "added_in_2027": 1}) == event
