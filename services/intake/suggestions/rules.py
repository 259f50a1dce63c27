"""The weights and words of the suggestions, read from YAML."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.settings import load_yaml

# What a likeness may follow from, each with a sentence of its own.
TOLD = frozenset({
    "text", "topic", "category", "distance", "distance_unknown", "time",
    "building", "unit", "flat", "compound",
})  # fmt: skip
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=1, le=500)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextRules(_Rules):
    """How texts are laid side by side."""

    most_characters: Annotated[int, Field(ge=50, le=5000)]
    gram_weights: dict[Annotated[int, Field(ge=1, le=3)], Weight]
    term_factor: Annotated[float, Field(ge=1, le=10)]
    containment: Share
    ignored: tuple[tuple[str, ...], ...]
    synonyms: tuple[tuple[str, ...], ...]


class LikenessWeights(_Rules):
    """What each side of a likeness counts; a side of which nothing is known counts nothing."""

    text: Annotated[float, Field(gt=0, le=100)]
    topic: Weight
    category: Weight


class Fading(_Rules):
    """A factor that falls from 1 to `floor`, half of the way at each `half` (metres, or hours)."""

    half: Annotated[float, Field(gt=0)]
    floor: Share
    unknown: Share


class DuplicateRules(_Rules):
    """Which open issues are compared with a matter, and which of them are shown."""

    days: Annotated[int, Field(ge=1, le=366)]
    metres: Annotated[float, Field(gt=0)]
    same_grid: Count
    community: Count
    shown: Annotated[int, Field(ge=1, le=20)]
    least: Share
    least_text: Share
    weights: LikenessWeights
    distance: Fading
    time: Fading
    same_group: Share
    other_building: Share
    other_unit: Share
    other_flat: Share
    other_compound: Share


class CategoryRules(_Rules):
    """How the categories of a text are found."""

    shown: Annotated[int, Field(ge=1, le=10)]
    least: Weight
    term_weights: dict[Annotated[int, Field(ge=1, le=4)], Weight]
    gram_share: Weight
    title_factor: Annotated[float, Field(ge=1, le=10)]


class Wording(_Rules):
    """One sentence, in which `{percent}`, `{measure}` and `{terms}` are filled in."""

    zh: str
    en: str

    @field_validator("zh", "en")
    @classmethod
    def _can_be_filled_in(cls, sentence: str) -> str:
        try:
            sentence.format(percent=0, measure=0, terms="")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError("may hold {percent}, {measure} and {terms}, and no other braces") from error
        return sentence


class SuggestionRules(_Rules):
    """All of them; `version` is kept with every answer that a clerk gives."""

    version: Annotated[str, Field(min_length=1, max_length=40)]
    text: TextRules
    duplicates: DuplicateRules
    categories: CategoryRules
    terms: dict[Annotated[str, Field(pattern=r"^[0-9]{4}$")], tuple[Annotated[str, Field(min_length=1)], ...]]
    wording: dict[str, Wording]

    @field_validator("wording")
    @classmethod
    def _every_reason_can_be_told(cls, wording: dict[str, Wording]) -> dict[str, Wording]:
        if wording.keys() != TOLD:
            raise ValueError(f"must hold {', '.join(sorted(TOLD))}, each once")
        return wording

    @model_validator(mode="after")
    def _synonyms_stand_once(self) -> Self:
        seen: set[str] = set()
        for word in (word for group in self.text.synonyms for word in group):
            if word in seen:
                raise ValueError(f"{word} stands for two things")
            seen.add(word)
        return self


def load_suggestion_rules(path: Path | None = None) -> SuggestionRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parents[1] / "rules" / "suggestions.yaml", SuggestionRules)
