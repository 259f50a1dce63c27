"""A request with an `Idempotency-Key` is carried out once; its repetition gets the first answer again.

Header and statuses follow draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared import bulk
from shared.db import Database, Json, UtcDateTime
from shared.errors import FieldError, Invalid
from shared.privacy import Keyring

PURPOSE = "answers.body"
# A structured-field string (RFC 8941 §3.3.3), or the same without its quotes, as most clients send it.
_KEY = re.compile(r'^(?:"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255}))$')


class KeyReused(Invalid):
    """The key stood on another request before."""

    type, title = "idempotency-key-reused", "Idempotency-Key used for another request"


def answers_table(metadata: MetaData) -> Table:
    """The answers already given, by caller and key."""
    return Table(
        "answers",
        metadata,
        Column("subject", String, primary_key=True),
        Column("key", String, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", Integer, nullable=False),
        Column("headers", Json, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("answered_at", UtcDateTime, nullable=False, index=True),
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """One caller's key on one request; the fingerprint tells the request from any other."""

    subject: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to the first of them."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_key(header: str | None) -> str | None:
    """The key in the header, or None without one. Raises `Invalid` for what is no key."""
    if header is None:
        return None
    match = _KEY.match(header.strip())
    if match is None:
        message = "a quoted string of 1 to 255 printable ASCII characters"
        raise Invalid(f"Idempotency-Key must be {message}", fields=[FieldError("Idempotency-Key", message)])
    return match[1] or match[2]


def fingerprint(method: str, target: str, body: bytes) -> bytes:
    """Tell requests apart: method, path with query, and body."""
    return hashlib.sha256(b"\n".join((method.encode(), target.encode(), body))).digest()


class Answers:
    """The answers that a service has given. Their bodies are encrypted: one may show a secret, just once."""

    def __init__(self, table: Table, keyring: Keyring) -> None:
        self._table, self._keyring = table, keyring

    async def given(self, session: AsyncSession, claims: Sequence[Claim]) -> dict[Claim, Answer]:
        """The answers to these claims. Raises `KeyReused` where a key stood on another request."""
        if not claims:
            return {}
        table = self._table
        wanted = {(claim.subject, claim.key): claim for claim in claims}
        query = select(table).where(tuple_(table.c.subject, table.c.key).in_(list(wanted)))
        known: dict[Claim, Answer] = {}
        for row in await session.execute(query):
            claim = wanted[row.subject, row.key]
            if claim.fingerprint != row.fingerprint:
                raise KeyReused("take a new key for a new request")
            known[claim] = Answer(row.status, row.headers, self._keyring.decrypt(PURPOSE, row.body))
        return known

    async def keep(self, session: AsyncSession, given: Mapping[Claim, Answer], now: datetime) -> None:
        """Store answers beside the change. A concurrent twin makes the commit fail, and is answered then."""
        rows = [
            {
                "subject": claim.subject,
                "key": claim.key,
                "fingerprint": claim.fingerprint,
                "status": answer.status,
                "headers": dict(answer.headers),
                "body": self._keyring.encrypt(PURPOSE, answer.body),
                "answered_at": now,
            }
            for claim, answer in given.items()
        ]
        await bulk.insert(session, self._table, rows)


async def prune(database: Database, table: Table, *, now: datetime, keep_for: timedelta) -> int:
    """Forget answers older than `keep_for` and say how many."""
    return await bulk.delete_where(database, table, table.c.answered_at < now - keep_for)
