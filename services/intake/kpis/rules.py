"""What is counted of issues, and how it is called (domain.md §8), read from YAML."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.issues.bodies import Channel
from shared.settings import load_yaml

COMPOSITE = "K6"
Count = Annotated[int, Field(ge=1)]
Stars = Annotated[int, Field(ge=1, le=5)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kpi(_Rules):
    """One figure by its code."""

    code: Annotated[str, Field(pattern=r"^K[0-9]{1,2}[a-z]?$")]
    zh: str
    en: str


class KpiRules(_Rules):
    """All that may be set about them."""

    small_sample: Count
    composite: dict[str, Share]
    satisfied_from: Stars
    basically_satisfied_from: Stars
    found_by_us: frozenset[Channel]
    settle_seconds: Count
    most_days: Count
    told_after_minutes: Count
    kpis: tuple[Kpi, ...]

    @model_validator(mode="after")
    def _composite_is_whole(self) -> Self:
        unknown = self.composite.keys() - {kpi.code for kpi in self.kpis}
        if unknown:
            raise ValueError(f"composite names {min(unknown)}, which is not among the kpis")
        if abs(sum(self.composite.values()) - 1) > 1e-9:
            raise ValueError("the weights of composite must make 1")
        return self


def load_kpi_rules(path: Path | None = None) -> KpiRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parent.parent / "rules" / "kpis.yaml", KpiRules)
