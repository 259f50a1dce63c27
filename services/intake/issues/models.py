"""Issues, who reported them, and all that happened to them."""

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Date, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from services.intake.models import VAULT, Base
from shared.append_only import append_only
from shared.db import Json
from shared.events.intake import Handler, IssueSnapshot
from shared.privacy import Encrypted

ZERO, FALSE = text("0"), text("false")
PUBLIC, MOVED = text("privacy_class = 0"), text("from_state <> to_state")
HAS_BENEFICIARY = text("beneficiary_index IS NOT NULL")
FOLLOWS = text("parent_id IS NOT NULL")
WAITS, NO_NAMES = text("timer_at IS NOT NULL"), text("'[]'")
ACCUSES = text("against IS NOT NULL")
PROVISIONAL = text("provisional_edition IS NOT NULL")


class Issue(Base):
    """One matter with one number. `version` rises by one with each event about it.

    `placement_version` is grid's version of its place; `help_asked` waits for a handler to speak for it.
    `against` is who is complained about, and `task_people` who does a part of the work: subjects of ours.
    `timer_at` is when one of its clocks strikes next, `fired` names the strokes that were heard already;
    `clock_began_at` is when the clocks began anew, `interim_at` when the reporter was told how it stands, and
    `mediated_at` when a mediation was begun. `due_fixed` says that the date to resolve it was set from above.
    `supervised` is how strictly the street looks after it (1 to 3), until the date that it set.
    `provisional_edition` names the calendar by which it is due, where days of it may still change.
    """

    __tablename__ = "issues"
    __table_args__ = (
        Index("ix_issues_handler_id", "handler_person", "id"),
        Index("ix_issues_reporter_id", "reporter_subject", "id"),
        # What Open311 may show of any issue; who reports without a category pays nothing for it.
        Index("ix_issues_public", "reported_at", "id", postgresql_where=PUBLIC, sqlite_where=PUBLIC),
        # Most issues follow none, and are not in it.
        Index("ix_issues_parent_id", "parent_id", postgresql_where=FOLLOWS, sqlite_where=FOLLOWS),
        # Nearly nobody is complained about.
        Index("ix_issues_against", "against", postgresql_where=ACCUSES, sqlite_where=ACCUSES),
        Index("ix_issues_timer_at", "timer_at", postgresql_where=WAITS, sqlite_where=WAITS),
        Index(
            "ix_issues_provisional_edition",
            "provisional_edition",
            postgresql_where=PROVISIONAL,
            sqlite_where=PROVISIONAL,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    no: Mapped[str] = mapped_column(unique=True)
    community_code: Mapped[str]
    street_code: Mapped[str]
    area_code: Mapped[str]
    area_by_hand: Mapped[bool] = mapped_column(server_default=FALSE, default=False)
    placement_version: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    state: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Encrypted(VAULT, "intake.issue.title"))
    text: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.issue.text"))
    place: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.issue.place"))
    category: Mapped[str | None] = mapped_column(String(4))
    urgency: Mapped[str | None] = mapped_column(String(2))
    level: Mapped[int]
    max_level: Mapped[int]
    colour: Mapped[str] = mapped_column(String(10))
    pillar: Mapped[str] = mapped_column(String(20))
    privacy_class: Mapped[int]
    affected_households: Mapped[int]
    households: Mapped[list[str]] = mapped_column(Json)
    reporter_subject: Mapped[str | None]
    reported_by: Mapped[str]
    track_hash: Mapped[bytes]
    follows_no: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    handler_unit: Mapped[str | None]
    handler_person: Mapped[str | None]
    resolved_by: Mapped[str | None]
    against: Mapped[str | None]
    task_people: Mapped[list[str]] = mapped_column(Json, server_default=NO_NAMES, default=list)
    help_asked: Mapped[dict[str, object] | None] = mapped_column(Json)
    off_list: Mapped[bool] = mapped_column(server_default=FALSE, default=False)
    off_list_until: Mapped[datetime | None]
    supervised: Mapped[int | None]
    supervised_until: Mapped[datetime | None]
    help_no: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    assignment_round: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    decline_count: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    reopen_count: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    suspend_count: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    extension_count: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    paused_s: Mapped[int] = mapped_column(server_default=ZERO, default=0)
    outcome_code: Mapped[str | None] = mapped_column(String(40))
    reported_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    assigned_at: Mapped[datetime | None]
    responded_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    due_accept: Mapped[datetime | None]
    due_respond: Mapped[datetime | None]
    due_interim: Mapped[datetime | None]
    due_resolve: Mapped[datetime | None]
    interim_at: Mapped[datetime | None]
    clock_began_at: Mapped[datetime | None]
    colour_since: Mapped[datetime | None]
    mediated_at: Mapped[datetime | None]
    due_fixed: Mapped[bool] = mapped_column(server_default=FALSE, default=False)
    provisional_edition: Mapped[str | None] = mapped_column(String(16))
    timer_at: Mapped[datetime | None]
    fired: Mapped[list[str]] = mapped_column(Json, server_default=NO_NAMES, default=list)
    reached: Mapped[bool | None]
    solved: Mapped[bool | None]
    rating: Mapped[int | None]
    anonymised_at: Mapped[datetime | None]

    @property
    def handler(self) -> Handler | None:
        """Who handles it, if anybody does."""
        if self.handler_unit is None or self.handler_person is None:
            return None
        return Handler(unit=self.handler_unit, person=self.handler_person)

    @property
    def provisional(self) -> bool:
        """Whether what is due may still move, since the calendar of a year has not been published."""
        return self.provisional_edition is not None


class OfIssue:
    """What belongs to an issue repeats of it where it is, so that nobody has to ask for it."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    issue_id: Mapped[UUID]
    issue_no: Mapped[str]
    community_code: Mapped[str]
    street_code: Mapped[str]
    area_code: Mapped[str]


def belonging(issue: Issue | IssueSnapshot) -> dict[str, object]:
    """The columns of `OfIssue` that come from the issue."""
    repeated = ("community_code", "street_code", "area_code")
    return {"issue_id": issue.id, "issue_no": issue.no} | {name: getattr(issue, name) for name in repeated}


class Reporter(Base):
    """Who a matter came from, and for whom, where a name or a phone was left: apart, and encrypted.

    No foreign key stands here or in the timeline: rows are written with the issue, on the hot path, by us.
    """

    __tablename__ = "reporters"
    __table_args__ = (
        Index(
            "ix_reporters_beneficiary_index",
            "beneficiary_index",
            postgresql_where=HAS_BENEFICIARY,
            sqlite_where=HAS_BENEFICIARY,
        ),
    )

    issue_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.reporter.name"))
    phone: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.reporter.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(index=True)
    beneficiary_name: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.beneficiary.name"))
    beneficiary_phone: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.beneficiary.phone"))
    beneficiary_index: Mapped[bytes | None]
    beneficiary_relation: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.beneficiary.relation"))


class TimelineEntry(Base):
    """Who did what, when and why; rows are only ever added. `data` holds codes and counts only."""

    __tablename__ = "timeline"
    __table_args__ = (
        Index("ix_timeline_issue_id_id", "issue_id", "id"),
        Index("ix_timeline_moved_at", "at", "id", postgresql_where=MOVED, sqlite_where=MOVED),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID]
    version: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str]
    command: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Encrypted(VAULT, "intake.timeline.note"))
    evidence: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"), default=list)
    data: Mapped[dict[str, object]] = mapped_column(Json, server_default=text("'{}'"), default=dict)


append_only(cast(Table, TimelineEntry.__table__), but=("note", "actor"))


class CallBack(Base):
    """One try to reach the reporter after the work was found done."""

    __tablename__ = "call_backs"
    __table_args__ = (Index("ix_call_backs_issue_id_round", "issue_id", "round"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID]
    round: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    reached: Mapped[bool]
    solved: Mapped[bool | None]
    rating: Mapped[int | None]


class IssueNumber(Base):
    """The last number given on a day; it moves in the transaction that stores the issues, so none is lost."""

    __tablename__ = "issue_numbers"

    prefix: Mapped[str] = mapped_column(String(8), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int]
