"""What all tables of partners share, and the two that belong to no aggregate."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from shared.db import UtcDateTime, new_metadata
from shared.privacy import Vault, read_log_table

vault = Vault()


class Base(DeclarativeBase):
    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: UtcDateTime, UUID: Uuid}


class Record(Base):
    """One aggregate: `version` rises by one with each change, `state` changes only as its table allows."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(24))
    community_code: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    def __init__(self, **values: object) -> None:
        # The id is needed at once, for the trail and for events, not only when the row is stored.
        super().__init__(**{"id": uuid7(), **values})


class HistoryEntry(Base):
    """Who did what to which record, when, and why. Rows are only ever added."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_record_id_at", "record_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    record: Mapped[str] = mapped_column(String(16))
    record_id: Mapped[UUID]
    version: Mapped[int]
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(200))
    command: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(String(500))


class EndedIssue(Base):
    """The version at which intake last ended an issue; 0 while help for it is wanted and it has not ended."""

    __tablename__ = "ended_issues"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]


read_log = read_log_table(Base.metadata)
