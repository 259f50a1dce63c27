"""Reports of an emergency to the street."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import Base


class EmergencyReport(Base):
    """首报, 续报 or 终报: its texts have left the community, so they hold nobody's name or number."""

    __tablename__ = "emergency_reports"

    issue_id: Mapped[UUID] = mapped_column(primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(20))
    place: Mapped[str]
    casualties: Mapped[int]
    damage: Mapped[str]
    trend: Mapped[str]
    actions: Mapped[str]
    called: Mapped[str]
    on_site_lead: Mapped[str]
    filed_by: Mapped[str]
    filed_at: Mapped[datetime]
