"""What a client of Open311 is told, with the name of the field first (open311.md §4.1). Pure."""

from shared.errors import Absent, FieldError, Forbidden, Invalid


def fault(field: str, message: str) -> Invalid:
    """A refusal that says which field, in a way that its user understands."""
    return Invalid(f"{field} {message}", fields=[FieldError(field, message)])


def faults(found: dict[str, str]) -> Invalid:
    """All that is wrong, by field."""
    return Invalid("the request is not valid", fields=[FieldError(*one) for one in found.items()])


def unknown(what: str) -> Absent:
    """What is asked for by a name that we do not know."""
    return Absent(f"{what} not found")


def keyless(why: str) -> Forbidden:
    """The api_key is missing or wrong."""
    return Forbidden(f"api_key {why}")
