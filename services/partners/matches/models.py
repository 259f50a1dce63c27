"""Offers and needs that could meet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.partners.models import Record
from shared.db import Json
from shared.events.partners import MatchSnapshot

OPEN = ("proposed", "community_ok", "offered")
_IS_OPEN = text(f"state IN ({', '.join(repr(state) for state in OPEN)})")


class Match(Record):
    """One offer for one need; an offer stands in one open match with a need at most."""

    __tablename__ = "matches"
    __table_args__ = (
        Index(
            "uq_matches_open_pair",
            "need_id",
            "offer_id",
            unique=True,
            postgresql_where=_IS_OPEN,
            sqlite_where=_IS_OPEN,
        ),
        Index("ix_matches_need_id_state", "need_id", "state"),
        Index("ix_matches_offer_id_state", "offer_id", "state"),
        Index("ix_matches_unit_code_state", "unit_code", "state"),
    )

    # No foreign keys: the engine writes both ends itself, nothing is ever deleted, and the checks would
    # lock one popular offer's row a hundred times in a batch.
    need_id: Mapped[UUID]
    offer_id: Mapped[UUID]
    unit_code: Mapped[str] = mapped_column(String(32))
    area_code: Mapped[str] = mapped_column(String(18))
    quantity: Mapped[int]
    score: Mapped[float]
    reasons: Mapped[dict[str, float]] = mapped_column(Json)
    band: Mapped[str] = mapped_column(String(8))
    offered_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(String(64))
    issue_id: Mapped[UUID | None] = mapped_column(index=True)
    issue_no: Mapped[str | None] = mapped_column(String(40))

    def snapshot(self) -> MatchSnapshot:
        return MatchSnapshot(
            id=self.id,
            version=self.version,
            need_id=self.need_id,
            offer_id=self.offer_id,
            unit_code=self.unit_code,
            community_code=self.community_code,
            area_code=self.area_code,
            quantity=self.quantity,
            score=self.score,
            reasons=self.reasons,
            state=self.state,
            issue_id=self.issue_id,
            issue_no=self.issue_no,
        )
