"""The words that the API's bodies are made of."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

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


def _of_our_time(moment: datetime) -> datetime:
    # Years at the edge of what a calendar holds cannot be turned into another zone.
    if not 2000 <= moment.year <= 2200:
        raise ValueError("must lie between the years 2000 and 2200")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(one) for one in value.values())
    return isinstance(value, list | tuple) and any(_has_nul(one) for one in value)


class Form(BaseModel):
    """What a client sends: unknown fields are refused, for they are misspelt ones."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _text_that_can_be_kept(cls, given: object) -> object:
        # PostgreSQL keeps no NUL character in a text.
        if isinstance(given, dict) and any(_has_nul(value) for value in given.values()):
            raise ValueError("texts must not hold NUL characters")
        return given


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
