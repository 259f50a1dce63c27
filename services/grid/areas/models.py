"""The tables of the area tree."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.grid.models import Base
from shared.db import Json, UtcDateTime


class Area(Base):
    """An area of any level; `shape` is a GeoJSON geometry in WGS-84, `layout` a hint for drawing (田)."""

    __tablename__ = "areas"

    code: Mapped[str] = mapped_column(String(18), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(String(18), index=True)
    level: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    layout: Mapped[str | None] = mapped_column(String(20))
    households: Mapped[int]
    shape: Mapped[dict[str, object] | None] = mapped_column(Json)
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CompoundRow(Base):
    """A residence compound or courtyard of a grid."""

    __tablename__ = "compounds"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_code: Mapped[str] = mapped_column(String(18), index=True)
    name: Mapped[str] = mapped_column(String(100))
    aliases: Mapped[list[str]] = mapped_column(Json)
    longitude: Mapped[float]
    latitude: Mapped[float]
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Edition(Base):
    """The newest edition of the map or of the roster: a new id with each change, so that copies can tell."""

    __tablename__ = "editions"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    edition: Mapped[UUID]
