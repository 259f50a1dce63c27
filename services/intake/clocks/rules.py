"""What the clocks go by, read from YAML."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.events.intake import SlaClock, Urgency
from shared.settings import load_yaml

Count = Annotated[int, Field(ge=1)]
# An emergency does not wait for office hours (domain.md §2.1).
ALWAYS = frozenset({Urgency.U0, Urgency.U1})


def _for_each(limits: dict[Urgency, int]) -> dict[Urgency, int]:
    missing = [urgency for urgency in Urgency if urgency not in limits]
    if missing:
        raise ValueError(f"{missing[0]} has no limit")
    return limits


PerUrgency = Annotated[dict[Urgency, Count], AfterValidator(_for_each)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkingTime(_Rules):
    """Whose clocks run in office hours only, and how many minutes a day of a limit then counts."""

    urgencies: frozenset[Urgency]
    day_minutes: Annotated[int, Field(ge=1, le=1440)]

    @model_validator(mode="after")
    def _leaves_emergencies(self) -> Self:
        hurried = sorted(self.urgencies & ALWAYS)
        if hurried:
            raise ValueError(f"{hurried[0]} runs around the clock")
        return self


class HandUpTexts(_Rules):
    """The dossier of a matter that the clock hands up; `facts` may name {no}, {code}, {category}, {due}."""

    criterion: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    facts: str
    why_not_here: str
    ask: str

    @model_validator(mode="after")
    def _names_what_is_known(self) -> Self:
        try:
            self.facts.format(no="", code="", category="", due="")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"facts: {error} cannot be filled in") from error
        return self


class EscalationClocks(_Rules):
    """How the level that was asked is reminded before the asking expires."""

    reminders: Annotated[int, Field(ge=0, le=10)]
    remind_minutes: PerUrgency


class EmergencyClocks(_Rules):
    """How often the street hears of an emergency that goes on, and how soon of its end."""

    follow_up_minutes: Count
    final_minutes: Count


class ClockRules(_Rules):
    """All of them."""

    working_time: WorkingTime
    assign_minutes: Count
    interim_minutes: PerUrgency
    verify_minutes: Count
    call_back_minutes: Count
    small_same_day: bool
    raise_percent: Annotated[int, Field(gt=100, le=1000)]
    raising: frozenset[SlaClock]
    hand_up: HandUpTexts
    escalation: EscalationClocks
    emergency: EmergencyClocks


def load_clock_rules(path: Path | None = None) -> ClockRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parents[1] / "rules" / "clocks.yaml", ClockRules)
