"""What only Open311 knows: its clients' keys, what they sent beside a report, and their updates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.privacy import Encrypted


class ClientKey(Base):
    """An API key of a client: the hash of its secret."""

    __tablename__ = "open311_keys"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    client: Mapped[str] = mapped_column(String(40), index=True)
    label: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    revoked_at: Mapped[datetime | None]


class PostedRequest(Base):
    """What came with a report and is no part of an issue: `attributes` is JSON, answers by their codes.

    A `token` stands for a request that a person has to look at before it has a public number.
    """

    __tablename__ = "open311_requests"

    issue_id: Mapped[UUID] = mapped_column(primary_key=True)
    client: Mapped[str] = mapped_column(String(40))
    token: Mapped[str | None] = mapped_column(String(40), unique=True)
    media_url: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.open311.media_url"))
    attributes: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.open311.attributes"))


class PostedUpdate(Base):
    """A client's update by the client's own id, so that it is taken once."""

    __tablename__ = "open311_updates"

    client: Mapped[str] = mapped_column(String(40), primary_key=True)
    update_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    issue_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime]
