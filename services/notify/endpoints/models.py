"""What stands beside an endpoint: how it fares, and the keys with which its office fetches."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.models import Base
from services.notify.rules.states import Breaker


class EndpointRuntime(Base):
    """How an endpoint fares; moved by the senders many times a minute, and so a row of its own.

    `cap` of None is all the endpoint asked for. What each field means is said in `rules/health.py`.
    """

    __tablename__ = "endpoint_runtime"

    endpoint_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    breaker: Mapped[str] = mapped_column(String(8), default=Breaker.closed, server_default="closed")
    breaker_until: Mapped[datetime | None]
    breaker_level: Mapped[int] = mapped_column(default=0, server_default="0")
    outages: Mapped[int] = mapped_column(default=0, server_default="0")
    window_at: Mapped[datetime | None]
    window_calls: Mapped[int] = mapped_column(default=0, server_default="0")
    window_outages: Mapped[int] = mapped_column(default=0, server_default="0")
    cap: Mapped[float | None]
    ramping: Mapped[bool] = mapped_column(default=False, server_default=false())
    cut_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    warned_percent: Mapped[int] = mapped_column(default=0, server_default="0")
    last_success_at: Mapped[datetime | None]
    releasing: Mapped[bool] = mapped_column(default=False, server_default=false())
    rate_at: Mapped[datetime | None]
