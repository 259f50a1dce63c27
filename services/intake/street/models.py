"""The words of the street about an issue, beside the timeline that tells when they came."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.privacy import Encrypted


class StreetWord(Base):
    """An order, a reminder, a judgement or a decision; `id` is that of the call, so that it counts once.

    `grade` is how strict an order is (1 to 3), or what a judgement gives (1 to 5).
    """

    __tablename__ = "street_words"
    __table_args__ = (Index("ix_street_words_issue_id_id", "issue_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    office: Mapped[str] = mapped_column(String(80))
    grade: Mapped[int | None]
    due: Mapped[datetime | None]
    text: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.street_word.text"))
    at: Mapped[datetime]
