"""The need list."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.partners.models import Record, vault
from shared.db import Json
from shared.events.partners import NeedSnapshot
from shared.privacy import Encrypted


class Need(Record):
    """What is needed: `open_quantity` is what no pledge covers, `proposed` of it stands in open matches.

    `place` and `addressee` are the only personal data; they leave by a logged read, after consent.
    """

    __tablename__ = "needs"
    __table_args__ = (
        UniqueConstraint("issue_id", "help_no"),
        CheckConstraint("open_quantity >= 0 AND open_quantity <= quantity", name="open_within_quantity"),
        Index("ix_needs_market", "community_code", "kind", "state"),
        Index("ix_needs_state_tried_at", "state", "tried_at"),
    )

    area_code: Mapped[str] = mapped_column(String(18))
    origin: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(24))
    tags: Mapped[list[str]] = mapped_column(Json)
    measure: Mapped[str] = mapped_column(String(24))
    quantity: Mapped[int]
    open_quantity: Mapped[int]
    proposed: Mapped[int]
    confirmed_quantity: Mapped[int]
    min_slice: Mapped[int]
    urgency: Mapped[str] = mapped_column(String(2))
    needed_by: Mapped[datetime | None]
    public_text: Mapped[str] = mapped_column(Text)
    issue_id: Mapped[UUID | None]
    issue_no: Mapped[str | None] = mapped_column(String(40))
    issue_version: Mapped[int | None]
    help_no: Mapped[int | None]
    beneficiary_ref: Mapped[str | None] = mapped_column(String(64))
    consent_id: Mapped[str | None] = mapped_column(String(64))
    place: Mapped[str | None] = mapped_column(Encrypted(vault, "partners.need.place"))
    addressee: Mapped[str | None] = mapped_column(Encrypted(vault, "partners.need.addressee"))
    blocked_units: Mapped[list[str]] = mapped_column(Json)
    missed_rounds: Mapped[int]
    hold: Mapped[dict[str, object] | None] = mapped_column(Json)
    tried_at: Mapped[datetime]

    @property
    def grid_code(self) -> str:
        return self.area_code[:15]

    def snapshot(self) -> NeedSnapshot:
        return NeedSnapshot(
            id=self.id,
            version=self.version,
            community_code=self.community_code,
            area_code=self.area_code,
            kind=self.kind,
            tags=tuple(self.tags),
            measure=self.measure,
            quantity=self.quantity,
            open_quantity=self.open_quantity,
            urgency=self.urgency,
            state=self.state,
            issue_id=self.issue_id,
            issue_no=self.issue_no,
            help_no=self.help_no,
        )
