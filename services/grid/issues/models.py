"""The tables of issues, plain ones: this is the hot path."""

from sqlalchemy import Column, Integer, String, Table, UniqueConstraint, Uuid

from services.grid.models import Base
from shared.db import Json, UtcDateTime

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
