"""What clients get to see of an issue. Its words are for those who work on it, and for its reporter."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.issues import places
from services.intake.issues.bodies import LocationIn
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from services.intake.issues.rules import OFFICE, STAFF, allowed
from shared.auth import Caller
from shared.events.intake import Handler, IssueState, Urgency
from shared.privacy import mask_phone

SENSITIVE = 2
# The advice with a rejection, how a matter stands, and where else to turn are written for the reporter.
TOLD_TO_REPORTER = frozenset({"reject", "interim-reply", "tell-rights"})


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class IssueLine(_Out):
    """An issue in a list."""

    id: UUID
    version: int
    no: str
    area_code: str
    state: IssueState
    channel: str
    category: str | None
    urgency: Urgency | None
    level: int
    colour: str
    privacy_class: int
    affected_households: int
    handler: Handler | None
    reported_at: datetime
    due_accept: datetime | None
    due_respond: datetime | None
    due_resolve: datetime | None
    title: str | None

    @classmethod
    def of(cls, issue: Issue, caller: Caller) -> Self:
        """What this caller may see; `title` is missing where it takes a logged reading."""
        shown = cls.model_validate(issue)
        return shown if may_read_words(issue, caller) else shown.model_copy(update={"title": None})


class IssueOut(IssueLine):
    """An issue whole. `commands` are those that its state allows, whoever may give them.

    `provisional` says that what is due may still move: it lies in a year whose calendar is not published.
    """

    community_code: str
    max_level: int
    pillar: str
    parent_id: UUID | None
    follows_no: str | None
    off_list: bool
    off_list_until: datetime | None
    supervised: int | None
    supervised_until: datetime | None
    assignment_round: int
    decline_count: int
    reopen_count: int
    suspend_count: int
    paused_s: int
    help_no: int
    outcome_code: str | None
    accepted_at: datetime | None
    assigned_at: datetime | None
    responded_at: datetime | None
    due_interim: datetime | None
    provisional: bool
    interim_at: datetime | None
    suspended_until: datetime | None
    resolved_at: datetime | None
    verified_at: datetime | None
    closed_at: datetime | None
    reached: bool | None
    solved: bool | None
    rating: int | None
    text: str | None
    location: LocationIn = LocationIn()
    commands: tuple[str, ...] = ()

    @classmethod
    def of(cls, issue: Issue, caller: Caller) -> Self:
        """What this caller may see of it."""
        shown: dict[str, object] = {"commands": allowed(issue.state)}
        if may_read_words(issue, caller):
            shown["location"] = places.read(issue.place)
        else:
            shown |= {"title": None, "text": None}
        return cls.model_validate(issue).model_copy(update=shown)


class ReportedOut(_Out):
    """The answer to a report. `track_code` is shown this once; with it anybody may follow the issue."""

    id: UUID
    no: str
    version: int
    state: IssueState
    area_code: str
    category: str | None
    urgency: Urgency | None
    level: int
    colour: str
    reported_at: datetime
    due_accept: datetime | None
    due_respond: datetime | None
    due_resolve: datetime | None
    track_code: str


class StepOut(_Out):
    """One line of a timeline; who acted and what they noted is for staff."""

    version: int
    at: datetime
    command: str
    from_state: str | None
    to_state: str
    reason_code: str | None
    actor: str | None
    role: str | None
    note: str | None
    evidence: list[UUID]
    data: dict[str, object]

    @classmethod
    def of(cls, entry: TimelineEntry, *, for_staff: bool) -> Self:
        """What may be seen of it by those who work on the issue, or by who reported it."""
        shown = cls.model_validate(entry)
        note = shown.note if shown.command in TOLD_TO_REPORTER else None
        hidden: dict[str, object] = {"actor": None, "role": None, "note": note, "data": {}}
        return shown if for_staff else shown.model_copy(update=hidden)


class ReporterOut(_Out):
    """Who reported, for whom, and in which words; a grid worker gets masked phone numbers."""

    name: str | None
    phone: str | None
    beneficiary_name: str | None
    beneficiary_phone: str | None
    beneficiary_relation: str | None
    title: str
    text: str | None
    location: LocationIn

    @classmethod
    def of(cls, issue: Issue, reporter: Reporter | None, caller: Caller) -> Self:
        """What this caller may see after the reading was written down."""
        person = reporter or Reporter()
        shown = (lambda phone: phone) if caller.has(*OFFICE) else _masked
        return cls(
            name=person.name,
            phone=shown(person.phone),
            beneficiary_name=person.beneficiary_name,
            beneficiary_phone=shown(person.beneficiary_phone),
            beneficiary_relation=person.beneficiary_relation,
            title=issue.title,
            text=issue.text,
            location=places.read(issue.place),
        )


def _masked(phone: str | None) -> str | None:
    return None if phone is None else mask_phone(phone)


class TrackStep(_Out):
    """A state, and since when; `said` is what was written to the reporter then."""

    state: str
    at: datetime
    said: str | None = None


class TrackOut(_Out):
    """What anybody with the code may know: states, times, and what was written to whoever reported it."""

    no: str
    state: IssueState
    reported_at: datetime
    due_resolve: datetime | None
    closed_at: datetime | None
    steps: list[TrackStep]


def works_on(issue: Issue, caller: Caller) -> bool:
    """Whether the issue is this caller's as staff: in their area, or in their hands.

    Staff of another area who reported it are its reporter, and no more.
    """
    has_part = caller.subject in {issue.handler_person, *issue.task_people}
    return caller.has(*STAFF) and (has_part or caller.covers(issue.area_code))


def may_read_words(issue: Issue, caller: Caller) -> bool:
    """Whether this caller may read the words of this issue without saying why."""
    return may_read(issue.privacy_class, issue.reporter_subject, caller)


def may_read(privacy_class: int, reporter: str | None, caller: Caller) -> bool:
    """Staff read plain and personal matters, sensitive ones by a logged reading; reporters read their own."""
    if reporter is not None and reporter == caller.subject:
        return True
    return caller.has(*STAFF) and privacy_class < SENSITIVE
