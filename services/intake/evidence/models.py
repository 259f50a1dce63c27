"""What shows a matter, or that it was done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.privacy import Encrypted


class Evidence(Base):
    """One photo or document of an issue; `sha256` is that of its plain content."""

    __tablename__ = "evidence"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID] = mapped_column(index=True)
    sha256: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    caption: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.evidence.caption"))
    added_by: Mapped[str]
    by_staff: Mapped[bool]
    added_at: Mapped[datetime]


class EvidenceContent(Base):
    """The content itself, encrypted: apart, so that a list of evidence never reads a photo."""

    __tablename__ = "evidence_contents"

    evidence_id: Mapped[UUID] = mapped_column(primary_key=True)
    content: Mapped[bytes]
