"""What goes in and out over HTTP about needs: one shape for staff, one for outsiders."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator

from services.partners.forms import AreaCode, Form, Kind, Measure, Moment, Quantity, Tags, UnitCode, View
from services.partners.needs.rules import names_somebody


class Recipient(Form):
    """Who gets it and where: kept encrypted, and shown, with consent, to the unit that promised it."""

    ref: Annotated[str, Field(min_length=1, max_length=64, description="Code of the household; no name")]
    place: Annotated[str, Field(min_length=1, max_length=200)]
    addressee: Annotated[
        str, Field(min_length=1, max_length=40, description="Surname and title, such as 王女士")
    ]


class NeedForm(Form):
    """A need not born of an issue. With a recipient it waits for consent unless `consent_id` is given."""

    origin: Literal["visit", "programme", "wish"]
    kind: Kind
    tags: Tags = ()
    measure: Measure
    quantity: Quantity
    min_slice: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    urgency: Literal["U1", "U2", "U3"] = "U2"
    needed_by: Moment | None = None
    area_code: AreaCode
    public_text: Annotated[str, Field(min_length=1, max_length=500, description="Names nobody")]
    recipient: Recipient | None = None
    consent_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    blocked_units: Annotated[tuple[UnitCode, ...], Field(max_length=20)] = ()

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "origin": "wish",
                    "kind": "goods",
                    "tags": ["rice_oil"],
                    "measure": "set",
                    "quantity": 1,
                    "area_code": "620102014006001",
                    "public_text": "一户独居老人需要米面油",
                }
            ]
        }
    )

    @field_validator("public_text")
    @classmethod
    def _names_nobody(cls, text: str) -> str:
        if names_somebody(text):
            raise ValueError("must not hold a phone or identity number: outsiders read it")
        return text


class ConsentForm(Form):
    consent_id: Annotated[str, Field(min_length=1, max_length=64)]


class PublicNeedView(View):
    """A need as units see it: its grid, or only its community where the grid would tell who it is."""

    id: UUID
    kind: str
    tags: tuple[str, ...]
    measure: str
    quantity: int
    open_quantity: int
    urgency: str
    needed_by: datetime | None
    place: Annotated[str, Field(description="Code of the grid or of the community")]
    public_text: str
    state: str
    version: int


class NeedView(View):
    """A need as staff of its area see it; `hold` says why no (further) offer is proposed."""

    id: UUID
    community_code: str
    area_code: str
    origin: str
    kind: str
    tags: tuple[str, ...]
    measure: str
    quantity: int
    open_quantity: int
    confirmed_quantity: int
    min_slice: int
    urgency: str
    needed_by: datetime | None
    public_text: str
    state: str
    issue_id: UUID | None
    issue_no: str | None
    help_no: int | None
    beneficiary_ref: str | None
    consent_id: str | None
    blocked_units: tuple[str, ...]
    missed_rounds: int
    hold: dict[str, object] | None
    version: int
    created_at: datetime
    changed_at: datetime
