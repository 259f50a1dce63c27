"""What the community serves by Open311 (open311.md), read from YAML and joined with the catalogue."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.intake.catalogue import Catalogue, Category, Group
from services.intake.issues.bodies import CategoryCode
from shared.events.intake import IssueState
from shared.settings import BadSettings, load_yaml

# Only what is nobody's private matter is a public service.
PUBLIC_CLASS = 0
LISTS = frozenset({"singlevaluelist", "multivaluelist"})

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
UpdateStatus = Literal[
    "unchanged", "open", "closed", "fixed", "in_progress", "planned", "action_scheduled", "investigating",
    "duplicate", "not_councils_responsibility", "no_further_action", "internal_referral", "cancelled",
    "reopen", "for_triage",
]  # fmt: skip


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Rules):
    """One value of a list."""

    key: Code
    name: str


class Attribute(_Rules):
    """A question that belongs to a service; without `variable` it only tells the reporter something."""

    code: Code
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    required: bool = False
    variable: bool = True
    datatype_description: str | None = None
    description: str
    values: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _lists_have_values(self) -> Self:
        if (self.datatype in LISTS) != bool(self.values):
            raise ValueError(f"{self.code}: values go with the two kinds of lists, and with nothing else")
        if self.required and not self.variable:
            raise ValueError(f"{self.code}: what asks nothing cannot be required")
        return self


class ServiceRule(_Rules):
    """What a service has beyond its category; a `batch` request has a token until somebody has read it."""

    keywords: tuple[str, ...] = ()
    batch: bool = False
    attributes: tuple[Attribute, ...] = ()


class StateRule(_Rules):
    """What a state of an issue is called outside."""

    status: Literal["open", "closed"]
    note: str
    update: UpdateStatus
    detailed: Literal["RECEIVED", "IN_PROCESS", "PROCESSED", "ARCHIVED", "REJECTED"]


class Open311Rules(_Rules):
    """The file as it is written."""

    changeset: AwareDatetime
    contact: str
    key_service: str
    agency: str
    notice: str
    jurisdiction_ids: tuple[str, ...] = ()
    most_days: Annotated[int, Field(ge=1, le=366)]
    most_rows: Annotated[int, Field(ge=1, le=1000)]
    most_media: Annotated[int, Field(ge=0, le=20)]
    services: dict[CategoryCode, ServiceRule]
    states: dict[IssueState, StateRule]

    @model_validator(mode="after")
    def _every_state_has_a_name(self) -> Self:
        missing = set(IssueState) - self.states.keys()
        if missing:
            raise ValueError(f"states: {min(missing)} is missing")
        return self


@dataclass(frozen=True, slots=True)
class PublicService:
    """A category as a service."""

    category: Category
    group: Group
    rule: ServiceRule

    @property
    def name(self) -> str:
        """As people read it."""
        return f"{self.category.zh} · {self.category.en}"


@dataclass(frozen=True, slots=True)
class GeoReport:
    """The rules, and the services by their code, in the order of the catalogue."""

    rules: Open311Rules
    services: dict[str, PublicService]

    def states(self, *statuses: str) -> list[str]:
        """The states that have one of these statuses."""
        return [state for state, rule in self.rules.states.items() if rule.status in statuses]


def load_open311(catalogue: Catalogue, path: Path | None = None) -> GeoReport:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    path = path or Path(__file__).parents[1] / "rules" / "open311.yaml"
    rules = load_yaml(path, Open311Rules)
    groups = {group.code: group for group in catalogue.groups}
    services = {
        one.code: PublicService(one, groups[one.code[:2]], rules.services.get(one.code, ServiceRule()))
        for one in catalogue.categories
        if one.privacy_class == PUBLIC_CLASS
    }
    strange = sorted(rules.services.keys() - services.keys())
    if strange:
        raise BadSettings(f"{path}: services: {strange[0]} is no category of privacy class {PUBLIC_CLASS}")
    return GeoReport(rules, services)
