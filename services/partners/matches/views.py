"""What goes in and out over HTTP about matches: with reasons for staff, without for units."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.partners.forms import Form, Quantity, View
from services.partners.needs.views import PublicNeedView


class MatchForm(Form):
    """Offer and need, and how much of the one for the other (as much as can be, where you leave it out)."""

    need_id: UUID
    offer_id: UUID
    quantity: Quantity | None = None


class AcceptForm(Form):
    """How much you promise: all that you were asked for, where you leave it out."""

    quantity: Quantity | None = None


class MatchView(View):
    """A match as staff see it: `reasons` are the points behind `score`; `band` is auto, clerk or manual."""

    id: UUID
    need_id: UUID
    offer_id: UUID
    unit_code: str
    community_code: str
    area_code: str
    quantity: int
    score: float
    reasons: dict[str, float]
    band: str
    state: str
    closed_reason: str | None
    offered_at: datetime | None
    issue_id: UUID | None
    issue_no: str | None
    version: int
    created_at: datetime
    changed_at: datetime


class AskedMatchView(View):
    """A match as the unit sees it that was asked: what is needed, roughly where, and how much of it."""

    id: UUID
    offer_id: UUID
    quantity: int
    state: str
    closed_reason: str | None
    offered_at: datetime | None
    answer_by: Annotated[datetime | None, Field(description="After this the question lapses")]
    need: PublicNeedView
    version: int
