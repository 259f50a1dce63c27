"""Formal hand-ups to a higher level."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.issues.models import PROVISIONAL, WAITS, OfIssue
from services.intake.models import VAULT, Base
from shared.db import Json
from shared.privacy import Encrypted


class Escalation(OfIssue, Base):
    """One asking of a higher level. `returns` counts how often the issue came back, over all rounds.

    `parent_id` is the asking that the street passed on to the district with this one. `timer_at` is when one
    of its clocks strikes next, `fired` names the strokes that were heard already; `due_report` is when the
    next report of an emergency is due. `provisional_edition` is as with an issue.
    """

    __tablename__ = "escalations"
    __table_args__ = (
        Index("ix_escalations_issue_id_id", "issue_id", "id"),
        Index("ix_escalations_area_state", "area_code", "state"),
        Index("ix_escalations_timer_at", "timer_at", postgresql_where=WAITS, sqlite_where=WAITS),
        Index(
            "ix_escalations_provisional_edition",
            "provisional_edition",
            postgresql_where=PROVISIONAL,
            sqlite_where=PROVISIONAL,
        ),
    )

    category: Mapped[str | None] = mapped_column(String(4))
    urgency: Mapped[str | None] = mapped_column(String(2))
    privacy_class: Mapped[int]
    type: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    from_level: Mapped[int]
    to_level: Mapped[int]
    target: Mapped[str] = mapped_column(String(64))
    returns: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    dossier: Mapped[dict[str, object]] = mapped_column(Json)
    criteria: Mapped[list[str]] = mapped_column(Json)
    requested_by: Mapped[str]
    decided_by: Mapped[str | None]
    street_no: Mapped[str | None] = mapped_column(String(100))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    outcome_code: Mapped[str | None] = mapped_column(String(40))
    answer: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.escalation.answer"))
    requested_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    due_ack: Mapped[datetime | None]
    due_reply: Mapped[datetime | None]
    due_report: Mapped[datetime | None]
    parent_id: Mapped[UUID | None]
    household_code: Mapped[str | None] = mapped_column(String(64))
    department: Mapped[str | None] = mapped_column(String(64))
    department_due: Mapped[datetime | None]
    checked_in_unit: Mapped[str | None] = mapped_column(String(64))
    checked_in_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    provisional_edition: Mapped[str | None] = mapped_column(String(16))
    timer_at: Mapped[datetime | None]
    fired: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"), default=list)

    @property
    def provisional(self) -> bool:
        """Whether what is due may still move, since the calendar of a year has not been published."""
        return self.provisional_edition is not None
