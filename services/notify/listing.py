"""What all lists here have in common: cut to the caller's areas, paged by the time-ordered id."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.orm import InstrumentedAttribute

from shared.errors import FieldError, Invalid
from shared.web import Page


def inside(column: InstrumentedAttribute[str], areas: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a record lies in one of the areas; without areas nothing does."""
    return or_(false(), *(column.startswith(area, autoescape=True) for area in areas))


def last_seen(page: Page[str]) -> UUID | None:
    """The id after which the page begins. Raises Invalid for a cursor that was tampered with."""
    if page.after is None:
        return None
    try:
        return UUID(page.after[0])
    except ValueError as error:
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
