"""Mediations: who is at odds, what they agreed on, and whether they keep to it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.issues.models import WAITS, OfIssue
from services.intake.models import VAULT, Base
from shared.db import Json
from shared.privacy import Encrypted

ZERO = text("0")


class Mediation(OfIssue, Base):
    """One attempt to settle a dispute; `no` counts within its issue. Words are encrypted.

    `timer_at` is when one of its clocks strikes next, `fired` names the strokes that were heard already.
    """

    __tablename__ = "mediations"
    __table_args__ = (
        Index("ix_mediations_issue_id_no", "issue_id", "no", unique=True),
        Index("ix_mediations_state_id", "state", "id"),
        Index("ix_mediations_timer_at", "timer_at", postgresql_where=WAITS, sqlite_where=WAITS),
    )

    category: Mapped[str] = mapped_column(String(4))
    privacy_class: Mapped[int]
    no: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    mediator: Mapped[str]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    prolonged: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    sessions: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    facts: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.mediation.facts"))
    agreement: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.mediation.agreement"))
    agreed_at: Mapped[datetime | None]
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    performed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    reason_code: Mapped[str | None] = mapped_column(String(40))
    timer_at: Mapped[datetime | None]
    fired: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"), default=list)


class Party(Base):
    """Who is at odds; `agrees` is None until they were asked, `signed` becomes true with the agreement."""

    __tablename__ = "mediation_parties"

    mediation_id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(Encrypted(VAULT, "intake.mediation.party.name"))
    phone: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.mediation.party.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(index=True)
    rights_told_at: Mapped[datetime]
    agrees: Mapped[bool | None]
    signed: Mapped[bool] = mapped_column(server_default=text("false"), default=False)


class Instalment(Base):
    """One duty of the agreement: a sum in fen, or something to be done (`amount_fen` is None)."""

    __tablename__ = "mediation_instalments"

    mediation_id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    due_on: Mapped[date] = mapped_column(Date)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    paid_fen: Mapped[int] = mapped_column(BigInteger, server_default=ZERO, default=0)
    performed_on: Mapped[date | None] = mapped_column(Date)


class FollowUp(Base):
    """A look at the parties some days after all was performed."""

    __tablename__ = "mediation_follow_ups"

    mediation_id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    holds: Mapped[bool | None]
