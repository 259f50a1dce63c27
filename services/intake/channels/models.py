"""Under which number a matter is known where it came from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base


class Source(Base):
    """The number that a hotline or the street gave a matter: it comes in once, however often it is sent.

    `reporter_ref` means a person to whoever gave the number, and to nobody here.
    """

    __tablename__ = "sources"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), primary_key=True)
    issue_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime]
    reporter_ref: Mapped[str | None] = mapped_column(String(64))
