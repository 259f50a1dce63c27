"""What is told of what is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.issues import places
from services.intake.issues.bodies import LocationIn
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from services.intake.personal.finding import Part


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SaidOut(_Out):
    """A step of an issue, with what was noted."""

    at: datetime
    command: str
    to_state: str
    note: str | None

    @classmethod
    def of(cls, line: TimelineEntry) -> Self:
        return cls.model_validate(line)


class FileOut(_Out):
    """A photo or document; its content is told by the evidence of the issue."""

    id: UUID
    media_type: str
    caption: str | None
    added_at: datetime
    erased_at: datetime | None


class ReadingOut(_Out):
    """Who read personal data of an issue, when and why."""

    at: datetime
    reader: str
    role: str
    subject: str
    fields: list[str]
    reason: str


class KeptIssueOut(_Out):
    """One issue as far as it tells of a person: the names and words of others in it are theirs alone.

    Who is only a party to the mediation of a dispute is told as what they stand in it.
    """

    id: UUID
    no: str
    state: str
    reported_at: datetime
    closed_at: datetime | None
    title: str | None = None
    text: str | None = None
    location: LocationIn = LocationIn()
    reporter_name: str | None = None
    reporter_phone: str | None = None
    beneficiary_name: str | None = None
    beneficiary_phone: str | None = None
    party_name: str | None = None
    party_phone: str | None = None
    mediated: bool
    rating: int | None = None
    said: list[SaidOut] = []
    files: list[FileOut] = []
    consents: list[str] = []
    call_backs: list[datetime] = []

    @classmethod
    def of(cls, issue: Issue, reporter: Reporter | None, part: Part) -> Self:
        """Without what hangs on the issue."""
        shown: dict[str, object] = {}
        if part.told_it:
            shown |= {"title": issue.title, "text": issue.text, "rating": issue.rating}
            shown["location"] = places.read(issue.place)
        if reporter is not None and part.is_reporter:
            shown |= {"reporter_name": reporter.name, "reporter_phone": reporter.phone}
        if reporter is not None and part.told_it:
            shown["beneficiary_name"] = reporter.beneficiary_name
            shown["beneficiary_phone"] = reporter.beneficiary_phone
        if part.party is not None:
            shown |= {"party_name": part.party.name, "party_phone": part.party.phone}
        return cls(
            id=issue.id,
            no=issue.no,
            state=issue.state,
            reported_at=issue.reported_at,
            closed_at=issue.closed_at,
            mediated=issue.mediated_at is not None,
        ).model_copy(update=shown)


class AskedOut(_Out):
    """What somebody asked of their data, and how it was answered."""

    kind: str
    words: str | None
    asked_at: datetime
    due_at: datetime
    outcome: str | None
    answer: str | None
    answered_at: datetime | None


class DossierOut(_Out):
    """All that intake keeps about somebody."""

    told_at: datetime
    requests: list[AskedOut]
    issues: list[KeptIssueOut]
    readings: list[ReadingOut]


class ErasedOut(_Out):
    """The numbers of the issues that name nobody any more."""

    erased: Sequence[str]


class CorrectedOut(_Out):
    """The numbers of the issues that hold the right name or number now."""

    corrected: Sequence[str]


class PortraitOut(_Out):
    """A file on which somebody can be recognised; it is read by a link with a reason, and never handed on."""

    evidence_id: UUID
    consent_id: UUID
    marked_by: str
    marked_at: datetime


class ConsentOut(_Out):
    """A yes and how it stands; who gave it is told by a logged reading."""

    id: UUID
    issue_id: UUID
    purpose: str
    items: list[str]
    recipients: list[str]
    text_version: str
    language: str
    channel: str
    oral: bool
    recorded_by: str
    given_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None
    withdrawn_at: datetime | None
