"""What notify keeps so that it can tell a street office at once whether its word fits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.models import Base


class IssueCopy(Base):
    """Our copy of an issue, from its acceptance on; `seq` is the highest count of calls about it."""

    __tablename__ = "issues"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    no: Mapped[str] = mapped_column(String(32), index=True)
    area_code: Mapped[str] = mapped_column(String(18))
    state: Mapped[str] = mapped_column(String(20))
    seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"), default=0)
    version: Mapped[int]


class TimeAsked(Base):
    """Whether somebody waits for the street's word about more time; `id` is the issue's."""

    __tablename__ = "times_asked"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    is_open: Mapped[bool]
    version: Mapped[int]


class StreetNumber(Base):
    """A number under which an office gave a matter to the community: it comes in once."""

    __tablename__ = "street_numbers"
    __table_args__ = (UniqueConstraint("source_id", "street_no"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    source_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("sources.id"))
    street_no: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class CategoryCode(Base):
    """What a code of an office's own means in ours; `id` follows from the office and its code."""

    __tablename__ = "category_codes"
    __table_args__ = (UniqueConstraint("source_id", "their_code"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    source_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("sources.id"))
    their_code: Mapped[str] = mapped_column(String(64))
    ours: Mapped[str] = mapped_column(String(4))
    changed_at: Mapped[datetime]
