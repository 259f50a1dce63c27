"""How a list of issues is narrowed, and how that is kept under a name."""

from typing import Annotated, Literal
from urllib.parse import parse_qs, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.intake.issues.bodies import Channel
from services.intake.words import AreaCode, Line, Moment
from shared.errors import FieldError, Invalid
from shared.events.intake import IssueState, Urgency

Level = Annotated[int, Field(ge=0, le=4)]
Person = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
# A whole number, its beginning from the day on, or what people read out: the day and the last digits.
NumberPart = Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9]{1,7}-)?[0-9]{8}(-[0-9]{0,9})?$")]
_MOST_VALUES = 20
# Fields of which several may be named: any of them counts.
_SEVERAL = frozenset({"state", "urgency", "colour", "level", "channel"})


class Filter(BaseModel):
    """What a list is narrowed to: all that is given must hold; of a field given several times, one value.

    Dates count from the first moment up to, but without, the last. `overdue`: it is late, or was when done.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    state: Annotated[list[IssueState] | None, Field(max_length=_MOST_VALUES)] = None
    category: Annotated[str | None, Field(pattern=r"^[0-9]{2,4}$", description="A code or its beginning")] = (
        None
    )
    urgency: Annotated[list[Urgency] | None, Field(max_length=_MOST_VALUES)] = None
    colour: Annotated[list[Literal["red", "yellow", "blue"]] | None, Field(max_length=_MOST_VALUES)] = None
    level: Annotated[list[Level] | None, Field(max_length=_MOST_VALUES)] = None
    channel: Annotated[list[Channel] | None, Field(max_length=_MOST_VALUES)] = None
    area: Annotated[AreaCode | None, Field(description="A place and everything beneath it")] = None
    handler: Person | None = None
    no: Annotated[NumberPart | None, Field(description="A number, its beginning, or day and digits")] = None
    open: bool | None = None
    overdue: bool | None = None
    has_help: Annotated[bool | None, Field(description="Whether partner units were asked")] = None
    reopened: bool | None = None
    reported_from: Moment | None = None
    reported_to: Moment | None = None
    closed_from: Moment | None = None
    closed_to: Moment | None = None
    due_before: Moment | None = None

    def query(self) -> str:
        """The one way in which this filter is written in a URL: equal filters have equal strings."""
        given = self.model_dump(mode="json", exclude_none=True)
        pairs = [
            (name, _word(value))
            for name in sorted(given)
            for value in (sorted(set(given[name])) if isinstance(given[name], list) else [given[name]])
        ]
        return urlencode(pairs)


class _Exact(Filter):
    model_config = ConfigDict(extra="forbid")


def filter_of(query: str) -> Filter:
    """Read a filter from the query string of a URL. Raises `Invalid` for a field or value that is none."""
    parts = parse_qs(query.removeprefix("?"), keep_blank_values=True)
    given = {name: values if name in _SEVERAL else values[-1] for name, values in parts.items()}
    try:
        return _Exact.model_validate(given)
    except ValidationError as error:
        faults = [
            FieldError("query", f"{'.'.join(map(str, one['loc']))}: {one['msg']}") for one in error.errors()
        ]
        raise Invalid(f"query: {faults[0].message}", fields=faults) from error


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class ViewIn(BaseModel):
    """A filter under a name: for oneself, or for everybody who has the area."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"name": "红色未结", "query": "colour=red&open=true", "area": "620102014006"}]
        },
    )

    name: Line
    query: Annotated[str, Field(max_length=2000, description="What stands after the ? of a list's URL")]
    area: Annotated[AreaCode | None, Field(description="Whom it is shared with; left out, nobody")] = None

    @field_validator("query")
    @classmethod
    def _printable(cls, query: str) -> str:
        if not query.isprintable():
            raise ValueError("must be the query string of a URL")
        return query
