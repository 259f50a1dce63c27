"""The words that the API's bodies are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

AreaCode = Annotated[
    str, Field(pattern=r"^[0-9]{12}([0-9]{3}){0,2}$", description="Code of a community, grid or micro-grid")
]
UnitCode = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{1,31}$")]
Tag = Annotated[str, Field(min_length=1, max_length=40)]
Tags = Annotated[
    tuple[Tag, ...], Field(max_length=20, description="What it is, such as rice_oil or dialysis")
]
Measure = Annotated[
    str, Field(min_length=1, max_length=24, description="What is counted: offer and need must name the same")
]
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
Kind = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z_]{1,23}$",
        description="goods, money_in_kind, skilled_service, volunteer_hours, venue, transport, medical,"
        " training or activity",
    ),
]
ReasonCode = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")]
Note = Annotated[str | None, Field(max_length=500)]


class Form(BaseModel):
    """What a client sends: unknown fields are refused, for they are misspelt ones."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class View(BaseModel):
    """What a client gets; fields may be added, and none goes away within v1."""

    model_config = ConfigDict(from_attributes=True)


class Reason(Form):
    """Why, as a code of your own choosing: it goes into the trail and into events, so it names nobody.

    `note` is for the people who look at the record, and goes no further.
    """

    reason: ReasonCode
    note: Note = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not_suitable"}]})
