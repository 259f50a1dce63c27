"""The table of visits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.grid.models import Base, vault
from shared.db import UtcDateTime
from shared.privacy import Encrypted


class Visit(Base):
    """A visit owed or made; `colour` is the household's when it ended, and until then when it was planned."""

    __tablename__ = "visits"
    __table_args__ = (
        Index("ix_visits_state_due_at", "state", "due_at"),
        Index("ix_visits_area_code_due_at_id", "area_code", "due_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    household_code: Mapped[str] = mapped_column(String(40), index=True)
    area_code: Mapped[str] = mapped_column(String(18))
    purpose: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    colour: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(200))
    contact: Mapped[str | None] = mapped_column(String(20))
    wellbeing: Mapped[int | None]
    has_risk: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Encrypted(vault, "grid.visit.note"))
    version: Mapped[int]
