"""What goes in and out over HTTP about pledges."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from services.partners.forms import Form, Moment, Note, Quantity, View


class ScheduleForm(Form):
    at: Annotated[Moment, Field(description="When you come, or hand over")]

    model_config = ConfigDict(json_schema_extra={"examples": [{"at": "2027-03-05T10:00:00+08:00"}]})


class DeliverForm(Form):
    """What you brought. Less than you promised is taken too: the rest goes back to the need."""

    quantity: Quantity


class ConfirmForm(Form):
    """What was received: all that the unit says, where you leave it out."""

    received: Quantity | None = None
    note: Note = None


class RatingForm(Form):
    stars: Annotated[int, Field(ge=1, le=5)]
    note: Note = None


class PledgeView(View):
    """A promise, without who receives it: that is told by the `recipient` of the pledge."""

    id: UUID
    match_id: UUID
    need_id: UUID
    offer_id: UUID
    unit_code: str
    community_code: str
    quantity: int
    delivered_quantity: int
    state: str
    contact_due: datetime
    scheduled_for: datetime | None
    delivered_at: datetime | None
    confirmed_at: datetime | None
    closed_reason: str | None
    unit_stars: int | None
    community_stars: int | None
    version: int
    created_at: datetime
    changed_at: datetime


class StaffPledgeView(PledgeView):
    """The same for staff, with where it belongs and who signed."""

    area_code: str
    confirmed_by: str | None
    issue_id: UUID | None
    issue_no: str | None
    help_no: int | None


class RecipientView(View):
    """Where to go and whom to ask for. Reading it is written down; calls go through the community."""

    place: str
    addressee: str
    until: Annotated[datetime | None, Field(description="When your access ends, once you have delivered")]
