"""What shows a matter, or that it was done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.privacy import Encrypted


class Evidence(Base):
    """One photo or document of an issue; `size` and `sha256` are those of its plain content.

    `stored_as` is its key in the store; without one the content stands in a row of its own. `erased_at` says
    since when there is no content any more: the entry stays, since the timeline names it.
    """

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
    stored_as: Mapped[str | None]
    erased_at: Mapped[datetime | None] = mapped_column(index=True)


class Portrait(Base):
    """A file on which somebody can be recognised, and their consent: without it the file goes."""

    __tablename__ = "portraits"

    evidence_id: Mapped[UUID] = mapped_column(primary_key=True)
    consent_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    marked_by: Mapped[str]
    marked_at: Mapped[datetime]


class EvidenceContent(Base):
    """Content that came with an event and not as a file, such as a street's answer; encrypted."""

    __tablename__ = "evidence_contents"

    evidence_id: Mapped[UUID] = mapped_column(primary_key=True)
    content: Mapped[bytes]
