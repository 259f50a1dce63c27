"""What the tables of all of grid's aggregates share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import UtcDateTime, new_metadata
from shared.privacy import Encrypted, Vault, read_log_table

vault = Vault()


class Base(DeclarativeBase):
    """The base of grid's mapped tables."""

    metadata = new_metadata()


class Change(Base):
    """Who changed a colour or a visit, when, from what to what, and why; rows are only ever added."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_subject_id", "subject", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(200))
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Encrypted(vault, "grid.change.reason"))


read_log = read_log_table(Base.metadata)
