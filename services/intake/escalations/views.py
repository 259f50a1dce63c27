"""What clients get to see of an escalation."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.escalations.models import Escalation
from services.intake.escalations.rules import allowed
from shared.events.intake import Dossier, EscalationState, EscalationType, Urgency


class CriterionOut(BaseModel):
    """A reason for a hand-over to a level; `holds` is missing where people judge, not numbers."""

    level: int
    code: str
    zh: str
    en: str
    fact: str | None
    at_least: int | None
    value: int | None
    holds: bool | None


class EscalationOut(BaseModel):
    """An escalation whole. `moves` are those that its state allows, whoever may make them.

    `provisional` says that `due_ack` may still move: it lies in a year whose calendar is not published.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    issue_id: UUID
    issue_no: str
    area_code: str
    category: str | None
    urgency: Urgency | None
    type: EscalationType
    state: EscalationState
    from_level: int
    to_level: int
    target: str
    returns: int
    dossier: Dossier
    criteria: list[str]
    street_no: str | None
    reason_code: str | None
    outcome_code: str | None
    answer: str | None
    requested_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    due_ack: datetime | None
    due_reply: datetime | None
    provisional: bool
    parent_id: UUID | None
    household_code: str | None
    department: str | None
    department_due: datetime | None
    checked_in_unit: str | None
    checked_in_at: datetime | None
    confirmed_at: datetime | None
    moves: tuple[str, ...] = ()

    @classmethod
    def of(cls, escalation: Escalation) -> Self:
        """The escalation as it stands."""
        return cls.model_validate(escalation).model_copy(update={"moves": allowed(escalation.state)})
