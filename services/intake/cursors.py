"""Where a page of records goes on that are listed by their ids."""

from uuid import UUID

from shared.errors import FieldError, Invalid


def id_of(after: tuple[str, ...] | None) -> UUID | None:
    """The id behind a cursor; None on the first page. Raises `Invalid` for a cursor that nobody gave out."""
    if after is None:
        return None
    try:
        return UUID(after[0])
    except ValueError as error:
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
