"""What the clocks of an issue say."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.intake.issues import IssueEvent


class SlaClock(StrEnum):
    """The clocks of domain.md §2.1 and §4."""

    accept = "accept"
    assign = "assign"
    respond = "respond"
    interim = "interim"
    same_day = "same_day"
    resolve = "resolve"
    suspension = "suspension"
    verify = "verify"
    call_back = "call_back"
    emergency_report = "emergency_report"
    mediation = "mediation"


class SlaEvent(IssueEvent):
    """A clock struck; `used_percent` is the share of its limit that was used up at that stroke."""

    clock: SlaClock
    due_at: datetime
    used_percent: int


class SlaWarned(SlaEvent, type="intake.sla.warning.v1"):
    """A limit of the issue is nearly used up (80 % by default)."""


class SlaBreached(SlaEvent, type="intake.sla.breached.v1"):
    """A limit of the issue has passed; `minutes_late` says by how much when it was noticed."""

    minutes_late: int


class SlaEscalated(SlaEvent, type="intake.sla.escalated.v1"):
    """A limit is so far overrun (150 % by default) that the next level has to look at it.

    `escalation_id` names the hand-over where one is made of it; else the issue stays with its handler.
    """

    from_level: int
    to_level: int
    escalation_id: UUID | None = None
