"""What a table of issues holds, and in which words, read from YAML."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.grid import Colour
from shared.events.intake import IssueState
from shared.settings import load_yaml

Language = Literal["zh", "en"]
Plain = Literal[
    "no", "title", "state", "category", "category_name", "urgency", "colour", "level", "max_level",
    "area_code", "channel", "affected_households", "handler_unit", "handler_person", "reported_at",
    "accepted_at", "responded_at", "due_resolve", "resolved_at", "closed_at", "outcome_code", "reopen_count",
    "solved", "rating",
]  # fmt: skip
Personal = Literal["reporter_name", "reporter_phone", "text", "address"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(_Rules):
    """One word in both languages."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class PlainColumn(Word):
    """A column that everybody sees who sees the issue."""

    name: Plain


class PersonalColumn(Word):
    """A column that it takes a reason to see."""

    name: Personal


Column = PlainColumn | PersonalColumn


class ExportRules(_Rules):
    """All of it; `chunk` is how many issues are read, and held, at a time."""

    chunk: Annotated[int, Field(ge=1, le=20_000)]
    columns: tuple[PlainColumn, ...]
    personal: tuple[PersonalColumn, ...]
    words: dict[str, dict[str, Word]]

    @model_validator(mode="after")
    def _words_are_whole(self) -> Self:
        asked: dict[str, tuple[str, ...]] = {
            "state": tuple(IssueState),
            "colour": tuple(Colour),
            "solved": ("True", "False"),
        }
        for field, values in asked.items():
            missing = set(values) - self.words.get(field, {}).keys()
            if missing:
                raise ValueError(f"words.{field} has no word for {min(missing)}")
        return self


def load_export_rules(path: Path | None = None) -> ExportRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parent.parent / "rules" / "exports.yaml", ExportRules)
