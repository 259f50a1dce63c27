"""An example of every contract, made from its types: once with all of its optional fields, once without."""

from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

PLAIN: dict[object, object] = {
    str: '东岗 "东" \\ 🌊',
    int: 7,
    float: 103.84217,
    bool: True,
    UUID: UUID(int=42),
    datetime: datetime(2026, 3, 5, 8, 30, 1, 250_000, tzinfo=UTC),
    date: date(2026, 3, 5),
}
M = TypeVar("M", bound=BaseModel)


def sample(model: type[M], *, full: bool) -> M:
    """One valid instance of the model."""
    fields = model.model_fields.items()
    return model.model_validate({
        name: value_of(field.annotation, full=full) for name, field in fields if full or field.is_required()
    })


def value_of(annotation: object, *, full: bool) -> object:
    """A value of that type; of a choice the first that is not None, where full, and else None."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        if NoneType in arguments and not full:
            return None
        return value_of(next(one for one in arguments if one is not NoneType), full=full)
    if origin is tuple:
        return (value_of(arguments[0], full=full),) if full else ()
    if origin is dict:
        return {"some": value_of(arguments[1], full=full)} if full else {}
    if origin is Literal:
        return arguments[0]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return sample(annotation, full=full)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    return PLAIN[annotation]
