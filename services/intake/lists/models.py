"""What lists are found by, and the views that people keep of them.

Issues that have ended do not change any more and are nearly all there are: each field that a list asks for
has its index there. Those under way are few and change often: they have few indexes, and reporting one
writes only these.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, and_, literal_column
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from services.intake.issues.models import Issue
from services.intake.issues.rules import ENDED
from services.intake.models import Base

# Written out, since neither database matches a parameter with the condition of an index.
_ENDED_STATES = ", ".join(f"'{state}'" for state in sorted(ENDED))
HAS_ENDED: ColumnElement[bool] = literal_column(f"state IN ({_ENDED_STATES})")
IS_OPEN: ColumnElement[bool] = literal_column(f"state NOT IN ({_ENDED_STATES})")
WAS_LATE: ColumnElement[bool] = literal_column("resolved_at > due_resolve")
WAS_REOPENED: ColumnElement[bool] = literal_column("reopen_count > 0")
HAD_HELP: ColumnElement[bool] = literal_column("help_no > 0")
# PostgreSQL answers a filter from such an index alone, without a look at a single issue.
_COVERED = (
    "area_code", "category", "channel", "colour", "handler_person", "level", "state", "urgency",
)  # fmt: skip


def _open_ones_by(name: str, *columns: InstrumentedAttribute[object]) -> None:
    places = (*columns, Issue.reported_at, Issue.id)
    Index(f"ix_issues_open_{name}", *places, postgresql_where=IS_OPEN, sqlite_where=IS_OPEN)


def _ended_ones_by(name: str, *columns: InstrumentedAttribute[object]) -> None:
    rest = [each for each in _COVERED if each not in {column.key for column in columns}]
    places = (*columns, Issue.reported_at, Issue.id)
    Index(
        f"ix_issues_ended_{name}",
        *places,
        postgresql_where=HAS_ENDED,
        sqlite_where=HAS_ENDED,
        postgresql_include=rest,
    )


def _ended_ones_that(name: str, only: ColumnElement[bool]) -> None:
    where = and_(HAS_ENDED, only)
    Index(f"ix_issues_ended_{name}", Issue.reported_at, Issue.id, postgresql_where=where, sqlite_where=where)


_open_ones_by("reported")
_open_ones_by("area", Issue.area_code)
_open_ones_by("state", Issue.state)
_ended_ones_by("reported")
_ended_ones_by("area", Issue.area_code)
_ended_ones_by("state", Issue.state)
_ended_ones_by("category", Issue.category)
_ended_ones_by("urgency", Issue.urgency)
_ended_ones_by("colour", Issue.colour)
_ended_ones_by("channel", Issue.channel)
_ended_ones_by("handler", Issue.handler_person)
_ended_ones_by("closed", Issue.closed_at)
_ended_ones_that("were_late", WAS_LATE)
_ended_ones_that("were_reopened", WAS_REOPENED)
_ended_ones_that("had_help", HAD_HELP)


class SavedView(Base):
    """A filter under a name. With an area it is there for everybody who has that area, else for its owner."""

    __tablename__ = "saved_views"
    __table_args__ = (
        Index("ix_saved_views_owner_id", "owner", "id"),
        Index("ix_saved_views_area_id", "area_code", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str]
    area_code: Mapped[str | None]
    name: Mapped[str]
    query: Mapped[str]
    saved_at: Mapped[datetime]
