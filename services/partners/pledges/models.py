"""The project list: who promised what, and what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.partners.models import Record
from shared.events.partners import PledgeSnapshot


class Pledge(Record):
    """A promise of a unit to one need. `delivered_quantity` is what came: by the unit, then as signed for."""

    __tablename__ = "pledges"
    __table_args__ = (
        CheckConstraint("delivered_quantity <= quantity", name="delivered_within_promise"),
        Index("ix_pledges_need_id_state", "need_id", "state"),
        Index("ix_pledges_unit_code_created_at", "unit_code", "created_at"),
    )

    match_id: Mapped[UUID] = mapped_column(ForeignKey("matches.id"), unique=True)
    need_id: Mapped[UUID] = mapped_column(ForeignKey("needs.id"))
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.id"))
    unit_code: Mapped[str] = mapped_column(String(32))
    area_code: Mapped[str] = mapped_column(String(18))
    quantity: Mapped[int]
    delivered_quantity: Mapped[int]
    contact_due: Mapped[datetime]
    scheduled_for: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(200))
    closed_reason: Mapped[str | None] = mapped_column(String(64))
    unit_stars: Mapped[int | None]
    community_stars: Mapped[int | None]
    issue_id: Mapped[UUID | None] = mapped_column(index=True)
    issue_no: Mapped[str | None] = mapped_column(String(40))
    help_no: Mapped[int | None]

    def snapshot(self) -> PledgeSnapshot:
        return PledgeSnapshot(
            id=self.id,
            version=self.version,
            match_id=self.match_id,
            need_id=self.need_id,
            offer_id=self.offer_id,
            unit_code=self.unit_code,
            community_code=self.community_code,
            area_code=self.area_code,
            quantity=self.quantity,
            delivered_quantity=self.delivered_quantity,
            state=self.state,
            issue_id=self.issue_id,
            issue_no=self.issue_no,
            help_no=self.help_no,
        )
