"""The sums of the figures, what each issue added to them, and how far the timeline was read."""

from datetime import date
from uuid import UUID

from sqlalchemy import Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base
from shared.db import Json


class KpiSum(Base):
    """One figure of one day, place and category; `category` is empty for what nobody has sorted yet."""

    __tablename__ = "kpi_sums"
    __table_args__ = (Index("ix_kpi_sums_area_code_day", "area_code", "day"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    area_code: Mapped[str] = mapped_column(String(18), primary_key=True)
    category: Mapped[str] = mapped_column(String(4), primary_key=True)
    kpi: Mapped[str] = mapped_column(String(4), primary_key=True)
    numerator: Mapped[int]
    denominator: Mapped[int]


class KpiSheet(Base):
    """What one issue has added, and where: taken back when it adds something else."""

    __tablename__ = "kpi_sheets"

    issue_id: Mapped[UUID] = mapped_column(primary_key=True)
    area_code: Mapped[str] = mapped_column(String(18))
    category: Mapped[str] = mapped_column(String(4))
    marks: Mapped[dict[str, list[int]]] = mapped_column(Json)


class KpiProgress(Base):
    """The last line of the timeline that was counted. Its one row is also the lock of the counting."""

    __tablename__ = "kpi_progress"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    last_line: Mapped[UUID]
