"""What clients get to see of evidence."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.evidence.models import Evidence
from services.intake.issues.bodies import WhyIn


class EvidenceOut(BaseModel):
    """One photo or document; its content stands under its own address, and no longer once it is erased."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    media_type: str
    size: int
    sha256: str
    caption: str | None
    by_staff: bool
    added_at: datetime
    erased_at: datetime | None

    @classmethod
    def of(cls, evidence: Evidence, *, with_words: bool) -> Self:
        """What may be seen of it; words of a sensitive matter take a logged reading."""
        shown = cls.model_validate(evidence)
        return shown if with_words else shown.model_copy(update={"caption": None})


class LinkIn(WhyIn):
    """Why the file is handed on, and for how many minutes; without a number, for as long as is usual."""

    minutes: Annotated[int, Field(ge=1, le=525_600)] | None = None


class LinkOut(BaseModel):
    """An address that anybody may open until it expires."""

    url: str
    expires_at: datetime
