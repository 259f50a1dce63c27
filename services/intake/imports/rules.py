"""What a file of reports may be, read from YAML."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.issues.bodies import Channel
from shared.settings import load_yaml

Count = Annotated[int, Field(ge=1)]
# Columns of a row, and where each one stands in a report.
PATHS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "text": ("text",),
    "category": ("category",),
    "urgency": ("urgency",),
    "compound": ("location", "compound"),
    "address": ("location", "address"),
    "longitude": ("location", "point", "longitude"),
    "latitude": ("location", "point", "latitude"),
    "reporter_name": ("reporter", "name"),
    "reporter_phone": ("reporter", "phone"),
    "anonymous": ("anonymous",),
    "affected_households": ("affected_households",),
    "source_ref": ("source_ref",),
}


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(_Rules):
    """The same in both languages."""

    zh: str
    en: str

    @property
    def both(self) -> str:
        return f"{self.zh} · {self.en}"


class ImportRules(_Rules):
    """Bounds, columns by their headings, and what is said of a value that does not fit."""

    most_rows: Annotated[int, Field(ge=1, le=10_000)]
    most_bytes: Annotated[int, Field(ge=1, le=8 * 1024 * 1024)]
    most_unpacked_bytes: Count
    most_problems: Count
    channel: Channel
    columns: dict[str, Said]
    yes_words: frozenset[str]
    no_words: frozenset[str]
    problems: dict[str, Said]

    @model_validator(mode="after")
    def _columns_are_ours(self) -> Self:
        if self.columns.keys() != PATHS.keys():
            raise ValueError(f"columns must be {', '.join(PATHS)}")
        if "other" not in self.problems:
            raise ValueError("problems: other is missing")
        return self

    def column(self, heading: str) -> str | None:
        """The column that is called so, in either language or by its own name."""
        wanted = heading.strip().lower()
        for name, said in self.columns.items():
            if wanted in {name, said.zh.lower(), said.en.lower()}:
                return name
        return None

    def problem(self, kind: str) -> str:
        """What is said of that kind of problem."""
        return self.problems.get(kind, self.problems["other"]).both


def load_import_rules(path: Path | None = None) -> ImportRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parents[1] / "rules" / "imports.yaml", ImportRules)
