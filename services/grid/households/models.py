"""The tables of households."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.grid.models import Base, vault
from shared.db import UtcDateTime
from shared.privacy import Encrypted


class Household(Base):
    """A household. What is known of its life is encrypted; `below` is that of `colour_rules.Standing`."""

    __tablename__ = "households"
    __table_args__ = (Index("ix_households_area_code_code", "area_code", "code"),)

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    area_code: Mapped[str] = mapped_column(String(18))
    compound_code: Mapped[str | None] = mapped_column(String(40))
    head_name: Mapped[str | None] = mapped_column(Encrypted(vault, "grid.household.head_name"))
    tags: Mapped[str] = mapped_column(Encrypted(vault, "grid.household.tags"))
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    colour: Mapped[str] = mapped_column(String(10), index=True)
    colour_since: Mapped[datetime] = mapped_column(UtcDateTime)
    score: Mapped[int]
    reasons: Mapped[str] = mapped_column(Encrypted(vault, "grid.household.reasons"))
    rule_set: Mapped[str] = mapped_column(String(40))
    below: Mapped[int]
    below_on: Mapped[date | None]
    evaluated_on: Mapped[date | None] = mapped_column(index=True)
    awaits_approval: Mapped[bool]
    step_down_approved: Mapped[bool]
    confirm_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    override_colour: Mapped[str | None] = mapped_column(String(10))
    override_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlarmRow(Base):
    """Something that makes a household red at once; one for a household and an issue, told once or often."""

    __tablename__ = "alarms"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    household_code: Mapped[str] = mapped_column(String(40), index=True)
    issue_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RiskSummary(Base):
    """The Mondays of the weeks whose households were counted, so that each is counted once."""

    __tablename__ = "risk_summaries"

    week: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
