"""Numbers that others gave to a matter, so that the same one is not taken in twice."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy import Table, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.channels.models import Source
from services.intake.issues.models import Issue
from shared import bulk
from shared.errors import Refused

SOURCES = cast(Table, Source.__table__)
# The channel and the number that it gave.
Ref: TypeAlias = tuple[str, str]


class AlreadyReported(Refused):
    """The matter came in before, under the same number of the same channel."""

    type, title = "already-reported", "The matter is here already"


async def note_sources(session: AsyncSession, given: Mapping[Ref, UUID], at: datetime) -> None:
    """Write the numbers down. Raises `AlreadyReported`, with our own number, where one is known."""
    if not given:
        return
    known = await known_sources(session, list(given))
    if known:
        (channel, ref), no = next(iter(known.items()))
        raise AlreadyReported(f"{ref} of {channel} is here as {no}")
    rows = [
        {"channel": channel, "ref": ref, "issue_id": issue_id, "at": at}
        for (channel, ref), issue_id in given.items()
    ]
    await bulk.insert(session, SOURCES, rows)


async def known_sources(session: AsyncSession, refs: list[Ref]) -> dict[Ref, str]:
    """Those of the numbers that have come in before, with the numbers of our issues."""
    if not refs:
        return {}
    query = select(Source.channel, Source.ref, Issue.no).join(Issue, Issue.id == Source.issue_id)
    rows = await session.execute(query.where(tuple_(Source.channel, Source.ref).in_(refs)))
    return {(row.channel, row.ref): row.no for row in rows}


async def note_reporter_ref(session: AsyncSession, channel: str, ref: str, reporter_ref: str | None) -> None:
    """Keep by which word the other side knows the person whose matter it is."""
    if reporter_ref is not None:
        noted = update(Source).where(Source.channel == channel, Source.ref == ref)
        await session.execute(noted.values(reporter_ref=reporter_ref))
