"""The bounds of evidence, read from YAML, and what its parts are made of."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import load_yaml

# What the door takes of a file; a site may set a lower bound, and no higher one.
DOOR_BYTES = 16 * 1024 * 1024
# What the form around a file may add to its size.
FORM_BYTES = 64 * 1024


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ImageRules(_Rules):
    """Pixels that are unpacked at most, the longer edge that is kept, and the quality (1–100)."""

    most_pixels: Annotated[int, Field(ge=1, le=250_000_000)]
    longest_edge: Annotated[int, Field(ge=320, le=16_383)]
    quality: Annotated[int, Field(ge=1, le=100)]


class LinkRules(_Rules):
    """How long a link is good for: unless something else is asked, at most, and in a dossier."""

    minutes: Annotated[int, Field(ge=1)]
    most_minutes: Annotated[int, Field(ge=1)]
    dossier_minutes: Annotated[int, Field(ge=1)]


class SweepRules(_Rules):
    """Which days are looked through for files that no row names: those so many days ago."""

    after_days: Annotated[int, Field(ge=2)]
    back_days: Annotated[int, Field(ge=2, le=400)]


class EvidenceRules(_Rules):
    """All of them."""

    most_bytes: Annotated[int, Field(ge=1024, le=DOOR_BYTES)]
    most_files: Annotated[int, Field(ge=1, le=1000)]
    images: ImageRules
    link: LinkRules
    sweep: SweepRules


def load_evidence_rules(path: Path | None = None) -> EvidenceRules:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parents[1] / "rules" / "evidence.yaml", EvidenceRules)
