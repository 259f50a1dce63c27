"""The tables of notify: endpoints and their secrets, messages and deliveries, the calls of street offices."""

from datetime import datetime
from typing import ClassVar, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.notify.rules.filters import Filter
from services.notify.rules.states import (
    DeliveryState,
    EndpointState,
    Ordering,
    Scheme,
    Trigger,
    Verdict,
)
from shared.db import Json, UtcDateTime, new_metadata
from shared.privacy import Encrypted, Vault

vault = Vault()

DUE = text("state = 'pending' AND trigger <> 'test'")
TESTS = text("state = 'pending' AND trigger = 'test'")
LEASED = text("state = 'leased'")


class Base(DeclarativeBase):
    """The base of notify's tables."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: UtcDateTime(), list[str]: Json, bytes: LargeBinary()}


class Endpoint(Base):
    """Where a street office wants to be told, and of what."""

    __tablename__ = "endpoints"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    office: Mapped[str] = mapped_column(String(64), index=True)
    area_code: Mapped[str] = mapped_column(String(18), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]]
    categories: Mapped[list[str]]
    urgencies: Mapped[list[str]]
    offices: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(16), default=EndpointState.unverified)
    reason: Mapped[str | None] = mapped_column(String(32))
    timeout_s: Mapped[float]
    max_concurrency: Mapped[int]
    rate_per_min: Mapped[int | None]
    ordering: Mapped[str] = mapped_column(String(8), default=Ordering.none, server_default="none")
    scheme: Mapped[str] = mapped_column(String(8), default=Scheme.v1, server_default="v1")
    # The receiver asked to be left alone until then; moved by the sender, so it is no part of `version`.
    ready_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def filter(self) -> Filter:
        """What it asked for."""
        return Filter(
            tuple(self.events),
            self.area_code,
            tuple(self.categories),
            tuple(self.urgencies),
            tuple(self.offices),
        )


class Source(Base):
    """A street office that calls us, under its own name in the path."""

    __tablename__ = "sources"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    office: Mapped[str] = mapped_column(String(64))
    area_code: Mapped[str] = mapped_column(String(18), index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Secret(Base):
    """A signing secret of an endpoint or a source; several live side by side while one takes over."""

    __tablename__ = "secrets"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    owner_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    secret: Mapped[str] = mapped_column(Encrypted(vault, "notify.secrets.secret"))
    # Of an asymmetric secret the half that everybody may read.
    public_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Message(Base):
    """What is said about one event, in the very bytes that every receiver gets."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_subject_sequence", "subject", "sequence"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    event_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    type: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    area_code: Mapped[str] = mapped_column(String(18))
    occurred_at: Mapped[datetime]
    stored_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[bytes]


class Delivery(Base):
    """One message for one endpoint; `attempts` counts all tries, `step` the failures since the last start."""

    __tablename__ = "deliveries"
    # The partial indexes are the sender's questions: each holds the answer and nothing but the answer.
    __table_args__ = (
        UniqueConstraint("message_id", "endpoint_id"),
        Index("ix_deliveries_endpoint_state", "endpoint_id", "state", "id"),
        Index("ix_deliveries_due", "endpoint_id", "next_at", "id", postgresql_where=DUE, sqlite_where=DUE),
        Index("ix_deliveries_tests", "next_at", postgresql_where=TESTS, sqlite_where=TESTS),
        Index("ix_deliveries_leases", "lease_until", postgresql_where=LEASED, sqlite_where=LEASED),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    message_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("messages.id"))
    endpoint_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("endpoints.id"))
    state: Mapped[str] = mapped_column(String(16), default=DeliveryState.pending)
    trigger: Mapped[str] = mapped_column(String(8), default=Trigger.auto)
    attempts: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None] = mapped_column(Uuid)
    last_status: Mapped[int | None]
    finished_at: Mapped[datetime | None]


class Attempt(Base):
    """One try, never changed: `n` counts from 1 over the whole life of the delivery."""

    __tablename__ = "attempts"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    delivery_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    n: Mapped[int]
    trigger: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime]
    dns_ms: Mapped[float | None]
    connect_ms: Mapped[float | None]
    first_byte_ms: Mapped[float | None]
    total_ms: Mapped[float | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    remote_ip: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[int | None]
    error_class: Mapped[str | None] = mapped_column(String(32))
    response: Mapped[str | None] = mapped_column(Text)


class InboundCall(Base):
    """A signed call of a street office, once for each id that the office gave it, in its very words.

    `about` names its subject; `seq` is the office's own count of its calls about that.
    """

    __tablename__ = "inbound_calls"
    __table_args__ = (UniqueConstraint("source_id", "webhook_id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    source_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("sources.id"))
    webhook_id: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[bytes]
    type: Mapped[str] = mapped_column(String(64))
    escalation_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    about: Mapped[str | None] = mapped_column(String(160))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[str | None] = mapped_column(Encrypted(vault, "notify.inbound_calls.body"))
    verdict: Mapped[str] = mapped_column(String(16), default=Verdict.accepted)
    problem: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(index=True)


class Escalation(Base):
    """Our copy of an escalation: just enough to tell a street office whether its answer fits."""

    __tablename__ = "escalations"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    issue_no: Mapped[str] = mapped_column(String(32))
    area_code: Mapped[str] = mapped_column(String(18))
    state: Mapped[str] = mapped_column(String(16))
    type: Mapped[str] = mapped_column(String(20), server_default=text("'handover'"))
    # The highest count of the office's calls about it that was taken.
    seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"), default=0)
    # How often it was handed back, and until when it may be: what the door holds a return against.
    returns: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    due_ack: Mapped[datetime | None]
    version: Mapped[int]


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for statements that take many rows at once."""
    return cast(Table, model.__table__)
