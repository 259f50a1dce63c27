"""Pure: the 1+4+X force of a grid, its vacancies, and who of it is asked to handle an issue."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.grid.areas.codes import GRID_LENGTH, grid_of, level_of


class ForceRole(BaseModel):
    """One role of the template: its level (0 micro-grid, 1 grid), how many are needed and allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str = Field(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=40)
    level: Literal[0, 1]
    min: int = Field(default=0, ge=0)
    max: int | None = Field(default=None, ge=1)
    part: Literal["1", "4", "X"]
    zh: str


class ForceRules(BaseModel):
    """The template and the order of asking, from `rules/force.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: tuple[ForceRole, ...]
    seek: tuple[tuple[str, ...], ...]
    most_level: int = Field(ge=0, le=4)

    @model_validator(mode="after")
    def _names_known_roles(self) -> "ForceRules":
        known = [role.role for role in self.template]
        if len(set(known)) < len(known):
            raise ValueError("a role stands in the template twice")
        unknown = {role for roles in self.seek for role in roles} - set(known)
        if unknown:
            raise ValueError(f"seek names roles that the template does not have: {sorted(unknown)}")
        return self

    def role(self, code: str) -> ForceRole | None:
        """The role with this code."""
        return next((role for role in self.template if role.role == code), None)


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A role that has fewer people in an area than the template asks for."""

    area_code: str
    role: str
    needed: int
    present: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Who should handle an issue: the area and the person, the role they stand in, and why, as codes."""

    unit: str | None
    person: str | None
    role: str | None
    reasons: tuple[str, ...]


class Roster:
    """Who stands in which role, by area; people of one role in the order of their subjects."""

    def __init__(self, members: Iterable[tuple[str, str, str]] = ()) -> None:
        self._members: dict[tuple[str, str], list[str]] = {}
        for area_code, role, subject in sorted(members):
            self._members.setdefault((area_code, role), []).append(subject)

    def people(self, area_code: str, role: str) -> Sequence[str]:
        """The subjects in this role for exactly this area."""
        return self._members.get((area_code, role), ())


def vacancies(
    rules: ForceRules, areas: Iterable[str], present: Mapping[tuple[str, str], int]
) -> list[Vacancy]:
    """What is missing in these grids and micro-grids (other areas are passed over), in their order."""
    asked = [(area, role) for area in areas for role in rules.template if role.level == level_of(area)]
    counts = [(area, role, present.get((area, role.role), 0)) for area, role in asked]
    return [Vacancy(area, role.role, role.min, count) for area, role, count in counts if count < role.min]


def choose_handler(
    rules: ForceRules, roster: Roster, area_code: str, *, level: int, round: int, declined: AbstractSet[str]
) -> Choice:
    """Who is asked to handle an issue here, of this level (0–4), in this round of seeking (0 is the first).

    The micro-grid's head before the grid's worker before its leader, as `seek` says; nobody who has declined.
    No person means that the community decides.
    """
    if level > rules.most_level:
        return Choice(None, None, None, ("level_above_grid",))
    if grid_of(area_code) is None:
        return Choice(None, None, None, ("place_unknown",))
    if round >= len(rules.seek):
        return Choice(None, None, None, ("declined_too_often",))
    for role in rules.seek[round]:
        for unit in dict.fromkeys((area_code, area_code[:GRID_LENGTH])):
            for person in roster.people(unit, role):
                if person not in declined:
                    return Choice(unit, person, role, _reasons(role, unit, round))
    return Choice(None, None, None, ("nobody_in_the_grid",))


def _reasons(role: str, unit: str, round: int) -> tuple[str, ...]:
    place = "in_grid" if len(unit) == GRID_LENGTH else "in_micro_grid"
    return (place, f"role_{role}") if round == 0 else (place, f"role_{role}", f"round_{round}")
