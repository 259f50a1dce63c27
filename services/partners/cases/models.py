"""Cases, their plans, and the ledger of what was given."""

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Date, Index, String, Table, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.partners.models import Base, Record, vault
from shared.append_only import append_only
from shared.privacy import Encrypted

IS_OPEN = text("state NOT IN ('completed', 'transferred')")


class Case(Record):
    """One household that is helped, by the code that grid gave it; who lives there stays with grid.

    A household has one open case. `goal` and what else a plan says in words is encrypted.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "ix_cases_open",
            "household_code",
            unique=True,
            postgresql_where=IS_OPEN,
            sqlite_where=IS_OPEN,
        ),
        Index("ix_cases_area_code", "area_code", "id"),
    )

    area_code: Mapped[str] = mapped_column(String(18))
    household_code: Mapped[str] = mapped_column(String(64))
    opened_for: Mapped[str] = mapped_column(String(40))
    issue_id: Mapped[UUID | None]
    issue_no: Mapped[str | None] = mapped_column(String(40))
    lead: Mapped[str | None] = mapped_column(String(200))
    backup: Mapped[str | None] = mapped_column(String(200))
    goal: Mapped[str | None] = mapped_column(Encrypted(vault, "partners.case.goal"))
    review_on: Mapped[date | None] = mapped_column(Date)
    visit_cadence_days: Mapped[int | None]


class Measure(Base):
    """One thing that is to be done for the household; `escalation_id` is the request that it came from."""

    __tablename__ = "case_measures"
    __table_args__ = (
        UniqueConstraint("escalation_id"),
        Index("ix_case_measures_case_id_id", "case_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(Encrypted(vault, "partners.measure.what"))
    who: Mapped[str] = mapped_column(String(64))
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    amount: Mapped[str | None] = mapped_column(Encrypted(vault, "partners.measure.amount"))
    state: Mapped[str] = mapped_column(String(16))
    escalation_id: Mapped[UUID | None]


class LedgerEntry(Base):
    """What was given once: rows are only ever added, and forgotten with their case; `amount` is yuan.

    The id is that of the callback that told of it, where one did, so that it counts once.
    """

    __tablename__ = "case_ledger"
    __table_args__ = (Index("ix_case_ledger_case_id_given_at", "case_id", "given_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    measure_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(String(16))
    office: Mapped[str] = mapped_column(String(64))
    form: Mapped[str] = mapped_column(String(16))
    goods: Mapped[str] = mapped_column(Encrypted(vault, "partners.ledger.goods"))
    amount: Mapped[str | None] = mapped_column(Encrypted(vault, "partners.ledger.amount"))
    given_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str] = mapped_column(String(200))


# What is left once nobody may know any more for whom it was (`forgetting`).
append_only(cast(Table, LedgerEntry.__table__), but=("goods", "amount"))


class CountedMonth(Base):
    """The months whose cases were counted, by their first day, so that each is counted once."""

    __tablename__ = "case_counts"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime]
