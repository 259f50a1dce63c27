"""What a signed body says. Pure."""

import orjson
from pydantic import ValidationError

from services.notify.rules.street_calls import RULES, Call, Framed
from shared.errors import FieldError, Invalid, Problem


class Malformed(Problem):
    """The body is signed, but it is no JSON."""

    status, type, title = 400, "malformed-json", "The body is not JSON"


def read_call(body: bytes) -> Call:
    """What is said. Raises Malformed and Invalid, the latter with the fields at fault."""
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error.msg} at {error.pos}") from error
    try:
        framed = Framed.model_validate(document)
    except ValidationError as error:
        raise _invalid(error) from error
    verb = RULES.get(framed.type)
    if verb is None:
        message = f"one of {', '.join(RULES)}"
        raise Invalid(f"type: {message}", fields=[FieldError("type", message)])
    try:
        return Call(framed.type, framed.seq, verb.body.model_validate(framed.data))
    except ValidationError as error:
        raise _invalid(error, "data") from error


def _invalid(error: ValidationError, *within: str) -> Invalid:
    fields = [
        FieldError(".".join(str(part) for part in (*within, *fault["loc"])) or "body", fault["msg"])
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    named = "; ".join(f"{one.field}: {one.message}" for one in fields[:3])
    return Invalid(named, fields=fields)
