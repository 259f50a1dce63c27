"""The categories of issues (domain.md §3), read from YAML."""

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.intake import Urgency
from shared.settings import load_yaml

# Danger to life and limb: what the reporter takes back is still there.
SAFETY = "01"
# A matter that nobody has sorted yet; it gets its right code before it may be closed.
OTHER = "99"
# The community takes every issue first; what the law gives to the street goes there as a hand-over.
COMMUNITY_LEVEL = 2
# Until its category is known a matter is held to be personal.
UNSORTED_PRIVACY = 1


class Group(BaseModel):
    """A field of work: the first two digits of a category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    zh: str
    en: str


class Category(Group):
    """What kind of matter it is, and the defaults that follow: hours run from acceptance.

    `notice_level` gets an information copy. `about_staff` are complaints on those who work here.
    """

    code: Annotated[str, Field(pattern=r"^([0-9]{4}|99)$")]
    urgency: Urgency
    respond_hours: Annotated[float, Field(gt=0)]
    resolve_hours: Annotated[float, Field(gt=0)]
    level: Annotated[int, Field(ge=0, le=4)]
    notice_level: Annotated[int | None, Field(ge=3, le=4)] = None
    privacy_class: Annotated[int, Field(ge=0, le=2)]
    about_staff: bool = False

    @property
    def is_safety(self) -> bool:
        return self.code.startswith(SAFETY)

    @property
    def first_level(self) -> int:
        """The level at which work begins."""
        return min(self.level, COMMUNITY_LEVEL)


class Catalogue(BaseModel):
    """All categories, by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    groups: tuple[Group, ...]
    categories: tuple[Category, ...]

    @model_validator(mode="after")
    def _codes_are_sound(self) -> Self:
        double = [code for code, count in Counter(one.code for one in self.categories).items() if count > 1]
        if double:
            raise ValueError(f"category {double[0]} stands twice")
        fields = {group.code for group in self.groups}
        homeless = [one.code for one in self.categories if one.code[:2] not in fields]
        if homeless:
            raise ValueError(f"category {homeless[0]} belongs to no group")
        return self

    @cached_property
    def by_code(self) -> dict[str, Category]:
        return {one.code: one for one in self.categories}

    def find(self, code: str | None) -> Category | None:
        """The category of that code, or None where there is none."""
        return None if code is None else self.by_code.get(code)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parent / "rules" / "categories.yaml", Catalogue)
