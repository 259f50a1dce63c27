"""Parts of an issue that are given to several units."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.issues.models import OfIssue
from services.intake.models import VAULT, Base
from shared.db import Json
from shared.events.intake import Handler
from shared.privacy import Encrypted


class Task(OfIssue, Base):
    """One part of the work on an issue, done by one person of one unit; `no` counts within the issue."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_issue_id_no", "issue_id", "no", unique=True),
        Index("ix_tasks_person_id", "person", "id"),
    )

    no: Mapped[int]
    unit: Mapped[str] = mapped_column(String(18))
    person: Mapped[str]
    title: Mapped[str] = mapped_column(Encrypted(VAULT, "intake.task.title"))
    state: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    workers: Mapped[list[str]] = mapped_column(Json)
    evidence: Mapped[list[str]] = mapped_column(Json)

    @property
    def handler(self) -> Handler:
        """Who does it."""
        return Handler(unit=self.unit, person=self.person)
