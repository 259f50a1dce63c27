"""What lists are found by, and the views that people keep of them.

Issues that have ended do not change any more and are nearly all there are: each field that a list asks for
has its index there. Those under way are few and change often: they have few indexes, and reporting one
writes only these.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, literal_column
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from services.intake.issues.models import Issue
from services.intake.issues.rules import ENDED
from services.intake.models import Base

# Written out, since neither database matches a parameter with the condition of an index.
_ENDED_STATES = ", ".join(f"'{state}'" for state in sorted(ENDED))
HAS_ENDED: ColumnElement[bool] = literal_column(f"state IN ({_ENDED_STATES})")
IS_OPEN: ColumnElement[bool] = literal_column(f"state NOT IN ({_ENDED_STATES})")


def _listed_by(name: str, where: ColumnElement[bool], *columns: InstrumentedAttribute[object]) -> None:
    Index(
        f"ix_issues_{name}", *columns, Issue.reported_at, Issue.id, postgresql_where=where, sqlite_where=where
    )


_listed_by("open_reported", IS_OPEN)
_listed_by("open_area", IS_OPEN, Issue.area_code)
_listed_by("open_state", IS_OPEN, Issue.state)
_listed_by("ended_reported", HAS_ENDED)
_listed_by("ended_area", HAS_ENDED, Issue.area_code)
_listed_by("ended_state", HAS_ENDED, Issue.state)
_listed_by("ended_category", HAS_ENDED, Issue.category)
_listed_by("ended_urgency", HAS_ENDED, Issue.urgency)
_listed_by("ended_colour", HAS_ENDED, Issue.colour)
_listed_by("ended_level", HAS_ENDED, Issue.level)
_listed_by("ended_channel", HAS_ENDED, Issue.channel)
_listed_by("ended_handler", HAS_ENDED, Issue.handler_person)
_listed_by("ended_closed", HAS_ENDED, Issue.closed_at)


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
