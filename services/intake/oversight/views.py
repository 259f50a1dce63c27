"""What is shown of readings that are looked at again, of alarms, and of what people asked."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.oversight.models import DataRequest, ReadReview
from services.intake.personal.views import ReadingOut


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ReviewOut(_Out):
    """A reading that chance picked, and what was found."""

    id: UUID
    month: date
    reading: ReadingOut
    verdict: str | None
    note: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None

    @classmethod
    def of(cls, review: ReadReview, reading: ReadingOut) -> Self:
        return cls(
            id=review.id,
            month=review.month,
            reading=reading,
            verdict=review.verdict,
            note=review.note,
            reviewed_by=review.reviewed_by,
            reviewed_at=review.reviewed_at,
        )


class AlarmOut(_Out):
    """Who read of more persons than pass without a word, and what lay behind it."""

    id: UUID
    reader: str
    day: date
    kind: str
    persons: int
    bound: int
    raised_at: datetime
    note: str | None
    answered_by: str | None
    answered_at: datetime | None


class RequestOut(_Out):
    """A request and how it stands; what somebody wrote, and their number, are told by a logged reading."""

    id: UUID
    kind: str
    state: str
    subject: str | None
    asked_by: str
    asked_at: datetime
    due_at: datetime
    is_late: bool
    outcome: str | None
    answered_by: str | None
    answered_at: datetime | None

    @classmethod
    def of(cls, request: DataRequest, now: datetime) -> Self:
        """An answer is late one second after it is due."""
        return cls(
            id=request.id,
            kind=request.kind,
            state=request.state,
            subject=request.subject,
            asked_by=request.asked_by,
            asked_at=request.asked_at,
            due_at=request.due_at,
            is_late=(request.answered_at or now) > request.due_at,
            outcome=request.outcome,
            answered_by=request.answered_by,
            answered_at=request.answered_at,
        )


class RequestWordsOut(_Out):
    """The words of a request and of its answer."""

    phone: str | None
    words: str | None
    answer: str | None
