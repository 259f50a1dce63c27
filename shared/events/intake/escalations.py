"""What goes upwards: escalations and emergency reports."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from shared.events.base import Event, Part, Snapshot
from shared.events.intake.issues import IssueEvent, Urgency


class EscalationType(StrEnum):
    """domain.md §2.2: a hand-over, a call to come, a request for relief, an information copy."""

    handover = "handover"
    whistle = "whistle"
    relief_request = "relief_request"
    emergency_notice = "emergency_notice"


class EscalationState(StrEnum):
    """The states of domain.md §2.2."""

    requested = "requested"
    approved = "approved"
    refused = "refused"
    sent = "sent"
    acknowledged = "acknowledged"
    handling = "handling"
    replied = "replied"
    closed = "closed"
    returned = "returned"
    expired = "expired"
    recalled = "recalled"


class EscalationSnapshot(Snapshot):
    """A formal hand-up: `target` is the office or area code that is asked, levels are 0–4."""

    issue_id: UUID
    issue_no: str
    community_code: str
    street_code: str
    area_code: str
    category: str | None
    urgency: Urgency | None
    type: EscalationType
    state: EscalationState
    from_level: int
    to_level: int
    target: str
    due_ack: datetime | None
    due_reply: datetime | None
    returns: int
    privacy_class: int


class Dossier(Part):
    """What the higher level needs to know; texts are checked to hold no phone or identity number.

    A link opens one file for whoever has it, until it expires; sensitive matters have none. A whistle names
    the `place` to come to; a request for relief what kind of help is needed, and how large the household is.
    """

    facts: str
    tried: tuple[str, ...] = ()
    why_not_here: str = ""
    ask: str
    deadline: datetime | None = None
    evidence_ids: tuple[UUID, ...] = ()
    evidence_links: tuple[str, ...] = ()
    place: str | None = None
    need_kind: str | None = None
    household_size: Literal["1", "2-3", "4+"] | None = None


class EscalationEvent(Event, about="escalation"):
    """Any fact about an escalation."""

    escalation: EscalationSnapshot


class EscalationRequested(EscalationEvent, type="intake.escalation.requested.v1"):
    """A handler asked for a higher level; approval may be pending."""


class EscalationRefused(EscalationEvent, type="intake.escalation.refused.v1"):
    """The person who approves said no; the issue stays where it was."""

    reason: str


class EscalationSent(EscalationEvent, type="intake.escalation.sent.v1"):
    """The hand-up is on its way to the target with its dossier; relief is asked for one household."""

    dossier: Dossier
    household_code: str | None = None


class EscalationAcknowledged(EscalationEvent, type="intake.escalation.acknowledged.v1"):
    """The target took it."""

    street_no: str | None = None


class EscalationProgressed(EscalationEvent, type="intake.escalation.progressed.v1"):
    """The target is working on it."""


class EscalationReturned(EscalationEvent, type="intake.escalation.returned.v1"):
    """The target handed it back with a reason."""

    reason_code: str


class EscalationReplied(EscalationEvent, type="intake.escalation.replied.v1"):
    """The target answered in substance."""

    outcome_code: str


class EscalationReminded(EscalationEvent, type="intake.escalation.reminded.v1"):
    """The target was to acknowledge or answer by now, and is reminded; `reminder_no` counts from 1."""

    awaited: Literal["acknowledgement", "reply"]
    reminder_no: int


class EscalationExpired(EscalationEvent, type="intake.escalation.expired.v1"):
    """Nobody took it in spite of all reminders: the community calls the duty phone now."""


class EscalationRecalled(EscalationEvent, type="intake.escalation.recalled.v1"):
    """The community took the hand-up back."""


class EscalationClosed(EscalationEvent, type="intake.escalation.closed.v1"):
    """Nothing is left to do on the hand-up."""


class EmergencyStage(StrEnum):
    """首报, 续报, 终报 of domain.md §2.2."""

    first = "first"
    follow_up = "follow_up"
    final = "final"


class EmergencyReportFiled(IssueEvent, type="intake.emergency_report.filed.v1"):
    """An emergency was reported upwards; texts are checked to hold no phone or identity number."""

    report_no: int
    stage: EmergencyStage
    place: str
    casualties: int
    damage: str
    trend: str
    actions: str
    called: str
    on_site_lead: str
