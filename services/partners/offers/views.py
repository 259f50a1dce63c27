"""What goes in and out over HTTP about offers."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator

from services.partners.forms import AreaCode, Form, Kind, Measure, Moment, Quantity, Tag, Tags, View


class OfferContent(Form):
    """What a unit gives: `total` is counted in `measure` (sets, hours, rides …), at most one slice at a time.

    `area_code` is where you serve (the whole community where you leave it out), `radius_m` how far from your
    place. `qualifications` are the papers that you have shown to the community.
    """

    kind: Kind
    title: Annotated[str, Field(min_length=1, max_length=120)]
    description: Annotated[str, Field(max_length=2000)] = ""
    tags: Tags = ()
    measure: Measure
    total: Quantity
    min_slice: Annotated[int, Field(ge=1, le=1_000_000, description="The least that you give at once")] = 1
    valid_from: Annotated[Moment | None, Field(description="Now where you leave it out")] = None
    valid_to: Moment
    area_code: AreaCode | None = None
    radius_m: Annotated[int | None, Field(ge=1, le=100_000)] = None
    at_home: Annotated[bool, Field(description="You come into people's homes")] = False
    with_minors: Annotated[bool, Field(description="You work with persons under 18")] = False
    qualifications: Annotated[tuple[Tag, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.min_slice > self.total:
            raise ValueError("min_slice must not exceed total")
        if self.valid_from is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")
        return self


_EXAMPLE: dict[str, JsonValue] = {
    "kind": "goods",
    "title": "米面油爱心包",
    "tags": ["rice_oil"],
    "measure": "set",
    "total": 7,
    "valid_to": "2027-03-31T00:00:00+08:00",
    "external_ref": "HT-2027-0305",
}


class OfferForm(OfferContent):
    """A new offer. `external_ref` is your own number for it: the same offer sent again gives you the first.

    With `draft` it waits for your `submit`; otherwise it is submitted at once.
    """

    external_ref: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    draft: bool = False

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    def fingerprint(self) -> bytes:
        """The same for the same offer, whatever the order of its fields was."""
        return sha256(self.model_dump_json().encode()).digest()


class OfferView(View):
    """An offer. `free` is what can still be promised."""

    id: UUID
    unit_code: str
    community_code: str
    kind: str
    title: str
    description: str
    tags: tuple[str, ...]
    measure: str
    total: int
    reserved: int
    free: int
    min_slice: int
    valid_from: datetime
    valid_to: datetime
    area_code: str
    radius_m: int | None
    at_home: bool
    with_minors: bool
    qualifications: tuple[str, ...]
    external_ref: str | None
    state: str
    review_due: datetime | None
    review_reason: str | None
    review_note: str | None
    version: int
    created_at: datetime
    changed_at: datetime
