"""A contract that somebody may have stored or may still send is never changed, only added to."""

from collections.abc import Callable
from enum import StrEnum

import pytest
from pydantic import BaseModel, Field, create_model

from shared.events import catalogue
from tests.contracts.schemas import ADVICE, GOLDEN, broken, golden_path, read_golden, shape

WRITE = "run `python -m tests.contracts`"


class Part(BaseModel):
    code: str


class Other(BaseModel):
    other: str = ""


class Numbered(BaseModel):
    code: int


class State(StrEnum):
    open = "open"
    done = "done"


class Wider(StrEnum):
    open = "open"
    done = "done"
    lost = "lost"


class Narrower(StrEnum):
    open = "open"


FIELDS: dict[str, object] = {
    "n": (int, ...),
    "note": (str | None, None),
    "part": (Part, ...),
    "parts": (tuple[Part, ...], ()),
    "state": (State, ...),
    "choice": (State | None, None),
}


def changed(**fields: object) -> list[str]:
    make: Callable[..., type[BaseModel]] = create_model
    kept = {name: value for name, value in {**FIELDS, **fields}.items() if value is not None}
    return list(broken(shape(make("Before", **FIELDS)), shape(make("After", **kept))))


@pytest.mark.parametrize("type", sorted(catalogue()))
def test_every_contract_still_fits_its_golden_schema(type: str) -> None:
    assert golden_path(type).exists(), f"{type} has no golden schema: {WRITE}"
    found = shape(catalogue()[type])
    faults = list(broken(read_golden(type), found))
    assert not faults, f"{type}: {'; '.join(faults)}. {ADVICE}"
    assert read_golden(type) == found, f"{type} has grown: {WRITE}"


def test_no_contract_has_been_taken_back() -> None:
    gone = {path.stem for path in GOLDEN.glob("*.json")} - catalogue().keys()
    assert not gone, f"somebody may still send or have stored {sorted(gone)}"


def test_words_optional_fields_and_further_values_may_be_added() -> None:
    assert changed() == []
    assert changed(n=(int, Field(description="how many", title="N"))) == []
    assert changed(more=(str | None, None), switch=(bool, False)) == []
    assert changed(state=(Wider, ...), choice=(Wider | None, None)) == []


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"n": None}, "n is gone"),
        ({"more": (str, ...)}, "more is new and required"),
        ({"n": (str, ...)}, "n: type was 'integer' and is 'string'"),
        ({"n": (int, 0)}, "n is optional now"),
        ({"note": (str | None, ...)}, "note is required now"),
        ({"note": (str, "")}, "note: anyOf was"),
        ({"n": (int | None, ...)}, "n: anyOf was"),
        ({"note": (int | None, None)}, "note: what it may be has changed"),
        ({"state": (Narrower, ...)}, "state: the value 'done' is gone"),
        ({"choice": (Narrower | None, None)}, "choice: the value 'done' is gone"),
        ({"n": (int, Field(ge=1))}, "n: minimum was None and is 1"),
        ({"part": (Numbered, ...)}, "part.code: type was"),
        ({"parts": (tuple[Other, ...], ())}, "parts[].code is gone"),
        ({"parts": (tuple[Part, Part], ...)}, "parts is required now"),
    ],
)
def test_a_break_is_found_and_named(fields: dict[str, object], fault: str) -> None:
    assert any(found.startswith(fault) for found in changed(**fields)), changed(**fields)
