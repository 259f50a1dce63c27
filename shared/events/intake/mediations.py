"""The settling of disputes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.base import Event, Snapshot


class MediationState(StrEnum):
    """The states of domain.md §2.3."""

    consent_asked = "consent_asked"
    both_agreed = "both_agreed"
    fact_finding = "fact_finding"
    session = "session"
    agreement_signed = "agreement_signed"
    performance_due = "performance_due"
    performed = "performed"
    follow_up_ok = "follow_up_ok"
    refused_by_party = "refused_by_party"
    failed = "failed"
    breached = "breached"


class MediationSnapshot(Snapshot):
    """An attempt to settle a dispute, without a word about who is at odds: codes, counts and clocks."""

    issue_id: UUID
    issue_no: str
    community_code: str
    street_code: str
    area_code: str
    category: str
    no: int
    state: MediationState
    sessions: int
    started_at: datetime
    due_at: datetime
    agreed_at: datetime | None
    performed_at: datetime | None


class MediationEvent(Event, about="mediation"):
    """Any fact about a mediation."""

    mediation: MediationSnapshot


class MediationOpened(MediationEvent, type="intake.mediation.opened.v1"):
    """The parties were told their rights and are asked whether they want to be mediated."""


class MediationProgressed(MediationEvent, type="intake.mediation.progressed.v1"):
    """A step on the way: consent, facts, a session, an instalment; the state says how far it has come."""


class MediationAgreed(MediationEvent, type="intake.mediation.agreed.v1"):
    """The parties signed an agreement with so many duties."""

    instalments: int


class MediationPerformed(MediationEvent, type="intake.mediation.performed.v1"):
    """All that was agreed on has been done."""


class Awaited(StrEnum):
    """What a mediation waits for: an agreement within the month, a duty on its day, a look afterwards."""

    agreement = "agreement"
    performance = "performance"
    follow_up = "follow_up"


class MediationDue(MediationEvent, type="intake.mediation.due.v1"):
    """What it waits for is due: the agreement, the duty `no`, or the look `no` at whether the peace holds."""

    awaited: Awaited
    no: int
    due_at: datetime


class MediationEnded(MediationEvent, type="intake.mediation.ended.v1"):
    """It is over: held at the follow-up, refused, failed or breached; the state says which."""

    reason_code: str | None = None
