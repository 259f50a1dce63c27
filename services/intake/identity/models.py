"""Links that open once, for whom they were made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.privacy import Encrypted


class IdentityLink(Base):
    """One asking for a person's identity: only the hash of its token is kept, and when it was opened."""

    __tablename__ = "identity_links"
    __table_args__ = (Index("ix_identity_links_escalation_id_id", "escalation_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    escalation_id: Mapped[UUID]
    issue_id: Mapped[UUID] = mapped_column(index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    asked_by: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.identity_link.reason"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
