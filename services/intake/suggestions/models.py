"""What clerks made of suggestions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base


class SuggestionAnswer(Base):
    """A clerk's yes or no to one suggestion, with the score (per mille) that it had at that moment.

    `value` is a category code, or the id of the issue that was taken for the same matter. A no stands: the
    same pair is not suggested again.
    """

    __tablename__ = "suggestion_answers"
    __table_args__ = (UniqueConstraint("issue_id", "kind", "value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(36), index=True)
    taken: Mapped[bool]
    score: Mapped[int]
    rules_version: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str]
    at: Mapped[datetime]
