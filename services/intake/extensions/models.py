"""More time for an issue: asked for once, and decided one level up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base


class Extension(Base):
    """The one asking for more time that an issue may have; what was said about it stands on the timeline."""

    __tablename__ = "extensions"

    issue_id: Mapped[UUID] = mapped_column(primary_key=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    reason_code: Mapped[str] = mapped_column(String(40))
    to_level: Mapped[int]
    due_before: Mapped[datetime]
    due_asked: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    granted: Mapped[bool | None]
