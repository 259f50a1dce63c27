"""The table of the force."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.grid.models import Base, vault
from shared.db import UtcDateTime
from shared.privacy import Encrypted


class ForceMember(Base):
    """A person of the force: who is asked, under which role, for which area."""

    __tablename__ = "force_members"

    area_code: Mapped[str] = mapped_column(String(18), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str | None] = mapped_column(Encrypted(vault, "grid.force_member.name"))
    is_active: Mapped[bool]
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
