"""How long personal data is kept, and what people are asked for it, read from YAML."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.settings import load_yaml

Count = Annotated[int, Field(ge=1)]
# Proof of lawful handling is kept for three years at least (PIPL, article 56).
LegalProof = Annotated[int, Field(ge=1096)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Retention(_Rules):
    """Days from the end of what they belong to."""

    issue_days: Count
    consent_days: Count
    request_days: LegalProof
    read_log_days: LegalProof
    at_once: Count
    every_minutes: Count


class Oversight(_Rules):
    """When reading is unusual, and how much of it is looked at a second time.

    The day's bound is so many times the reader's own mean, over the days of late on which they read at all,
    and never below `persons_a_day_at_least`.
    """

    every_minutes: Count
    persons_an_hour: Count
    persons_a_day_at_least: Count
    times_usual: Annotated[float, Field(gt=1, le=100)]
    usual_days: Annotated[int, Field(ge=7, le=365)]
    review_percent: Annotated[float, Field(gt=0, le=100)]


class Requests(_Rules):
    """How long people wait for an answer about their data, in working days."""

    working_days: Count


class Purpose(_Rules):
    """One purpose, asked for by itself; `days` is how long a yes holds."""

    code: Code
    version: Annotated[str, Field(min_length=1, max_length=20)]
    days: Count
    items: tuple[Code, ...]
    recipients: tuple[Code, ...]
    zh: str
    en: str


class PersonalRules(_Rules):
    """All of it."""

    retention: Retention
    oversight: Oversight
    requests: Requests
    consents: tuple[Purpose, ...]

    @model_validator(mode="after")
    def _purposes_are_distinct(self) -> Self:
        codes = [purpose.code for purpose in self.consents]
        if len(codes) != len(set(codes)):
            raise ValueError("each purpose stands once among the consents")
        return self

    def purpose(self, code: str) -> Purpose | None:
        """The purpose of that code, if there is one."""
        return next((purpose for purpose in self.consents if purpose.code == code), None)


def load_personal_rules(path: Path | None = None) -> PersonalRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parent.parent / "rules" / "personal.yaml", PersonalRules)
