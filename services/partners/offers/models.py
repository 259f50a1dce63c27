"""The service list."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.partners.models import Record
from shared.db import Json
from shared.events.partners import OfferSnapshot


class Offer(Record):
    """What a unit gives: of `total`, `reserved` is promised or given and `proposed` stands in open matches.

    `proposed` only guides the engine; what may be promised is decided by `reserved` in the locked row.
    """

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("unit_code", "external_ref"),
        CheckConstraint("reserved >= 0 AND reserved <= total", name="reserved_within_total"),
        Index("ix_offers_market", "community_code", "kind", "state", "valid_to"),
    )

    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(Json)
    measure: Mapped[str] = mapped_column(String(24))
    total: Mapped[int]
    reserved: Mapped[int]
    proposed: Mapped[int]
    min_slice: Mapped[int]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    area_code: Mapped[str] = mapped_column(String(18))
    radius_m: Mapped[int | None]
    at_home: Mapped[bool]
    with_minors: Mapped[bool]
    qualifications: Mapped[list[str]] = mapped_column(Json)
    external_ref: Mapped[str | None] = mapped_column(String(100))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    review_due: Mapped[datetime | None]
    review_reason: Mapped[str | None] = mapped_column(String(64))
    review_note: Mapped[str | None] = mapped_column(String(500))

    @property
    def free(self) -> int:
        return self.total - self.reserved

    def snapshot(self) -> OfferSnapshot:
        return OfferSnapshot(
            id=self.id,
            version=self.version,
            unit_code=self.unit_code,
            community_code=self.community_code,
            kind=self.kind,
            title=self.title,
            tags=tuple(self.tags),
            measure=self.measure,
            total=self.total,
            reserved=self.reserved,
            state=self.state,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )
