"""The base of every contract, and the catalogue of all of them."""

import functools
import importlib
import pkgutil
import re
from typing import ClassVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

_TYPE = re.compile(r"^(?P<owner>[a-z]+)\.[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*\.v[1-9]\d*$")
_declared: dict[str, type["Event"]] = {}


class Part(BaseModel):
    """A value inside an event. Unknown fields are ignored, so that v1 may grow by optional ones."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Snapshot(Part):
    """The public state of one aggregate; `version` rises by one with each change of it."""

    id: UUID
    version: int


class Event(Part):
    """A fact, in the past tense, that its owner publishes and never takes back.

    `about` names the field that holds the snapshot of the aggregate that the fact is about.
    """

    type: ClassVar[str]
    owner: ClassVar[str]
    about: ClassVar[str]

    def __init_subclass__(cls, *, type: str | None = None, about: str | None = None) -> None:
        super().__init_subclass__()
        if about is not None:
            cls.about = about
        if type is None:
            return
        match = _TYPE.match(type)
        if match is None:
            raise TypeError(f"{type!r} is not <owner>.<subject>.<past_tense>.v<n>")
        if type in _declared:
            raise TypeError(f"{type!r} is declared twice")
        cls.type, cls.owner = type, match["owner"]
        _declared[type] = cls

    @property
    def snapshot(self) -> Snapshot:
        """The aggregate as it stands after the fact."""
        return cast(Snapshot, getattr(self, self.about))


@functools.cache
def catalogue() -> dict[str, type[Event]]:
    """Every contract by its type, in alphabetical order."""
    package = importlib.import_module("shared.events")
    for module in pkgutil.iter_modules(package.__path__, "shared.events."):
        importlib.import_module(module.name)
    return dict(sorted(_declared.items()))
