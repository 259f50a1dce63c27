"""Grid's tables. Those of the hot path are plain tables, the others are mapped."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String, Table, UniqueConstraint, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import Json, UtcDateTime, new_metadata
from shared.privacy import Encrypted, Vault, read_log_table

vault = Vault()


class Base(DeclarativeBase):
    """The base of grid's mapped tables."""

    metadata = new_metadata()


class Area(Base):
    """An area of any level; `shape` is a GeoJSON geometry in WGS-84, `layout` a hint for drawing (田)."""

    __tablename__ = "areas"

    code: Mapped[str] = mapped_column(String(18), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(String(18), index=True)
    level: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    layout: Mapped[str | None] = mapped_column(String(20))
    households: Mapped[int]
    shape: Mapped[dict[str, object] | None] = mapped_column(Json)
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CompoundRow(Base):
    """A residence compound or courtyard of a grid."""

    __tablename__ = "compounds"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_code: Mapped[str] = mapped_column(String(18), index=True)
    name: Mapped[str] = mapped_column(String(100))
    aliases: Mapped[list[str]] = mapped_column(Json)
    longitude: Mapped[float]
    latitude: Mapped[float]
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Edition(Base):
    """The newest edition of the map or of the roster: a new id with each change, so that copies can tell."""

    __tablename__ = "editions"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    edition: Mapped[UUID]


class ForceMember(Base):
    """A person of the force: who is asked, under which role, for which area."""

    __tablename__ = "force_members"

    area_code: Mapped[str] = mapped_column(String(18), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str | None] = mapped_column(Encrypted(vault, "grid.force_member.name"))
    is_active: Mapped[bool]
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Household(Base):
    """A household. What is known of its life is encrypted; `below` is that of `colour_rules.Standing`."""

    __tablename__ = "households"
    __table_args__ = (Index("ix_households_area_code_code", "area_code", "code"),)

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    area_code: Mapped[str] = mapped_column(String(18))
    compound_code: Mapped[str | None] = mapped_column(String(40))
    head_name: Mapped[str | None] = mapped_column(Encrypted(vault, "grid.household.head_name"))
    tags: Mapped[str] = mapped_column(Encrypted(vault, "grid.household.tags"))
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    colour: Mapped[str] = mapped_column(String(10), index=True)
    colour_since: Mapped[datetime] = mapped_column(UtcDateTime)
    score: Mapped[int]
    reasons: Mapped[str] = mapped_column(Encrypted(vault, "grid.household.reasons"))
    rule_set: Mapped[str] = mapped_column(String(40))
    below: Mapped[int]
    below_on: Mapped[date | None]
    evaluated_on: Mapped[date | None] = mapped_column(index=True)
    awaits_approval: Mapped[bool]
    step_down_approved: Mapped[bool]
    confirm_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    override_colour: Mapped[str | None] = mapped_column(String(10))
    override_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    override_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlarmRow(Base):
    """Something that makes a household red at once; one for a household and an issue, told once or often."""

    __tablename__ = "alarms"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    household_code: Mapped[str] = mapped_column(String(40), index=True)
    issue_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Visit(Base):
    """A visit owed or made; `colour` is the household's when it ended, and until then when it was planned."""

    __tablename__ = "visits"
    __table_args__ = (
        Index("ix_visits_state_due_at", "state", "due_at"),
        Index("ix_visits_area_code_id", "area_code", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    household_code: Mapped[str] = mapped_column(String(40), index=True)
    area_code: Mapped[str] = mapped_column(String(18))
    purpose: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    colour: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(200))
    contact: Mapped[str | None] = mapped_column(String(20))
    wellbeing: Mapped[int | None]
    has_risk: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Encrypted(vault, "grid.visit.note"))
    version: Mapped[int]


class Change(Base):
    """Who changed a colour or a visit, when, from what to what, and why; rows are only ever added."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_subject_id", "subject", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(200))
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Encrypted(vault, "grid.change.reason"))


read_log = read_log_table(Base.metadata)

# The newest state that intake has told of each issue.
issue_copies = Table(
    "issue_copies",
    Base.metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("community_code", String(18), nullable=False),
    Column("state", String(20), nullable=False),
    Column("category", String(8)),
    Column("urgency", String(2)),
    Column("level", Integer, nullable=False),
    Column("assignment_round", Integer, nullable=False),
)

# Where each issue is; the reporter's own words are not kept.
places = Table(
    "places",
    Base.metadata,
    Column("issue_id", Uuid, primary_key=True),
    Column("area_code", String(18), nullable=False),
    Column("method", String(10), nullable=False),
    Column("compound_code", String(40)),
)

# One row a round of seeking a handler: waiting for the place or for a decline, proposed, or declined.
assignments = Table(
    "assignments",
    Base.metadata,
    Column("id", Uuid, primary_key=True),
    Column("issue_id", Uuid, nullable=False),
    Column("round", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("declines_before", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("area_code", String(18)),
    Column("unit", String(40)),
    Column("person", String(200)),
    Column("role", String(40)),
    Column("reasons", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("issue_id", "round"),
)

# Who handed an issue back; `round` is the one that they had been asked in.
declines = Table(
    "declines",
    Base.metadata,
    Column("id", Uuid, primary_key=True),
    Column("issue_id", Uuid, nullable=False),
    Column("round", Integer, nullable=False),
    Column("unit", String(40), nullable=False),
    Column("person", String(200), nullable=False),
    Column("reason_code", String(60), nullable=False),
    UniqueConstraint("issue_id", "round"),
)
