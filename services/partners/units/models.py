"""Member units and their API keys."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.partners.models import Base, Record, vault
from shared.db import Json
from shared.events.partners import UnitSnapshot
from shared.privacy import Encrypted


class Unit(Record):
    """A unit of the joint party committee; the three counts say how well it kept its promises."""

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(40))
    agreement_from: Mapped[date | None]
    agreement_until: Mapped[date | None]
    # The end of which the street was told that it is near.
    agreement_warned: Mapped[date | None]
    area_code: Mapped[str] = mapped_column(String(18))
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    programmes: Mapped[list[str]] = mapped_column(Json)
    contact: Mapped[str | None] = mapped_column(Encrypted(vault, "partners.unit.contact"))
    confirmed_count: Mapped[int] = mapped_column(default=0)
    no_show_count: Mapped[int] = mapped_column(default=0)
    late_count: Mapped[int] = mapped_column(default=0)

    def snapshot(self) -> UnitSnapshot:
        return UnitSnapshot(
            id=self.id,
            version=self.version,
            code=self.code,
            name=self.name,
            kind=self.kind,
            state=self.state,
            community_code=self.community_code,
        )


class UnitKey(Base):
    """An API key of a unit: the hash of its secret, and when it was last seen."""

    __tablename__ = "unit_keys"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
