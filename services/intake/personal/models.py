"""What people agreed to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.issues.models import Issue
from services.intake.lists.models import HAS_ENDED
from services.intake.models import VAULT, Base
from shared.db import Json
from shared.privacy import Encrypted

_IDENTIFIED = HAS_ENDED & Issue.anonymised_at.is_(None)
# Where retention looks: what was made anonymous is not in it any more.
Index("ix_issues_identified", Issue.reported_at, postgresql_where=_IDENTIFIED, sqlite_where=_IDENTIFIED)


class Consent(Base):
    """One person's yes to one purpose. An oral one waits for a signature; a withdrawn one stays as proof."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_issue_id_id", "issue_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID]
    name: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.consent.name"))
    guardian: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.consent.guardian"))
    purpose: Mapped[str] = mapped_column(String(40))
    items: Mapped[list[str]] = mapped_column(Json)
    recipients: Mapped[list[str]] = mapped_column(Json)
    text_version: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2))
    channel: Mapped[str] = mapped_column(String(20))
    oral: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    recorded_by: Mapped[str]
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
