"""Why an issue may be handed up to a level: criteria as data, held against the facts of the issue. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.settings import load_yaml


class Fact(StrEnum):
    """What can be counted on an issue."""

    affected_households = "affected_households"
    clock_percent = "clock_percent"
    reopen_count = "reopen_count"
    red_days = "red_days"
    mediations_failed = "mediations_failed"


class Criterion(BaseModel):
    """One reason; without a fact it is for people to judge."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    zh: str
    en: str
    fact: Fact | None = None
    at_least: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _measures_what_it_names(self) -> Self:
        if (self.fact is None) != (self.at_least is None):
            raise ValueError(f"{self.code} needs both fact and at_least, or neither")
        return self

    def value(self, facts: Mapping[Fact, int]) -> int | None:
        """What the issue has of it, where that can be counted."""
        return None if self.fact is None else facts[self.fact]

    def holds(self, facts: Mapping[Fact, int]) -> bool | None:
        """Whether it is so; None where people judge."""
        value = self.value(facts)
        return None if value is None or self.at_least is None else value >= self.at_least


class Criteria(BaseModel):
    """The criteria of each level; a level without any needs none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: dict[Annotated[int, Field(ge=1, le=3)], tuple[Criterion, ...]]

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        for level, criteria in self.levels.items():
            code, times = Counter(one.code for one in criteria).most_common(1)[0] if criteria else ("", 0)
            if times > 1:
                raise ValueError(f"{code} stands twice under level {level}")
        return self

    def of(self, level: int) -> Sequence[Criterion]:
        """Those of one level."""
        return self.levels.get(level, ())

    def fault(self, level: int, named: Iterable[str], facts: Mapping[Fact, int]) -> str | None:
        """What is wrong with the reasons that somebody names for a hand-over, if anything is."""
        known = {one.code: one for one in self.of(level)}
        chosen = [known.get(code) for code in named]
        if None in chosen or (known and not chosen):
            return f"name one or more of: {', '.join(known)}"
        for one in chosen:
            if one is not None and one.holds(facts) is False:
                return f"{one.code} is not so: {one.fact} is {one.value(facts)}, it takes {one.at_least}"
        return None


def load_criteria(path: Path | None = None) -> Criteria:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parents[1] / "rules" / "criteria.yaml", Criteria)
