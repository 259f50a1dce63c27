"""What watches over those who read personal data, and what people asked of theirs."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.privacy import Encrypted

IS_OPEN = text("state = 'asked'")


class ReadReview(Base):
    """One reading that chance picked for a second look, and what was found (domain.md §10, rule 4)."""

    __tablename__ = "read_reviews"
    __table_args__ = (Index("ix_read_reviews_month_id", "month", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reading_id: Mapped[UUID] = mapped_column(unique=True)
    month: Mapped[date] = mapped_column(Date)
    verdict: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.read_review.note"))
    reviewed_by: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]


class ReadAlarm(Base):
    """Somebody read more than is usual: one a reader and day."""

    __tablename__ = "read_alarms"
    __table_args__ = (UniqueConstraint("reader", "day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reader: Mapped[str]
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(20))
    persons: Mapped[int]
    bound: Mapped[int]
    raised_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.read_alarm.note"))
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]


class DataRequest(Base):
    """What somebody asked of their data: to see, correct or erase it; `due_at` is by working days.

    Who asked is named by an account or a phone number, and by neither once the data was erased.
    `late_at` is when somebody was told that no answer had come in time; `provisional_edition` names the
    calendar by which it is due, while the days of a year in between are not published.
    """

    __tablename__ = "data_requests"
    __table_args__ = (
        Index("ix_data_requests_due_at", "due_at", postgresql_where=IS_OPEN, sqlite_where=IS_OPEN),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    area_code: Mapped[str]
    subject: Mapped[str | None] = mapped_column(index=True)
    phone: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.data_request.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(index=True)
    words: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.data_request.words"))
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    late_at: Mapped[datetime | None]
    provisional_edition: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(20))
    answer: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.data_request.answer"))
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(index=True)
