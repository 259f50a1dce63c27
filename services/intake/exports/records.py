"""The issues of a list as records, a few thousand at a time: memory does not grow with the list.

Each chunk is read in a transaction of its own, so that a client that takes its time holds nothing. What
changes meanwhile is told as it is when its turn comes, and once.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, literal, select, tuple_

from services.intake.catalogue import Catalogue
from services.intake.exports.rules import ExportRules, Language
from services.intake.exports.values import Record, Value
from services.intake.issues import places
from services.intake.issues.models import Issue, Reporter
from services.intake.issues.reading import of_caller
from services.intake.issues.views import may_read
from services.intake.lists.bodies import Filter
from services.intake.lists.conditions import branches, latest_report, narrowed
from services.intake.lists.models import IS_OPEN
from services.intake.lists.reading import NEWEST_FIRST, placed
from services.intake.settings import IntakeSettings
from shared.auth import Caller
from shared.db import UtcDateTime
from shared.host import Host
from shared.service import Work

_Row: TypeAlias = Row[*tuple[object, ...]]
_ISSUES = cast(Table, Issue.__table__)
_READ = tuple(
    _ISSUES.c[name]
    for name in (
        "id", "no", "title", "state", "category", "urgency", "colour", "level", "max_level", "area_code",
        "channel", "affected_households", "handler_unit", "handler_person", "reported_at", "accepted_at",
        "responded_at", "due_resolve", "resolved_at", "closed_at", "outcome_code", "reopen_count", "solved",
        "rating", "place", "privacy_class", "reporter_subject",
    )
)  # fmt: skip
_TEXT = _ISSUES.c.text


@dataclass(frozen=True, slots=True)
class Order:
    """What is told, to whom, in which language; `personal` columns only once their reading was logged."""

    caller: Caller
    wanted: Filter
    language: Language
    personal: bool = False


async def read_records(host: Host, order: Order) -> AsyncIterator[list[Record]]:
    """Every issue that the list would show, open ones first, in chunks; the newest first in both parts."""
    open_ones: set[UUID] = set()
    for branch in branches(order.wanted):
        last: tuple[datetime, UUID] | None = None
        while True:
            async with host.look(caller=order.caller) as work:
                chunk = work.part(ExportRules).chunk
                rows = await _chunk(work, order, branch, last, chunk)
                new = [row for row in rows if row.id not in open_ones]
                records = await _records(work, order, new)
            if branch is IS_OPEN:
                open_ones.update(row.id for row in rows)
            if records:
                yield records
            if len(rows) < chunk:
                break
            last = (rows[-1].reported_at, rows[-1].id)


async def _chunk(
    work: Work, order: Order, branch: ColumnElement[bool], last: tuple[datetime, UUID] | None, most: int
) -> Sequence[_Row]:
    prefix = work.part(IntakeSettings).issue_prefix
    query = select(*_READ, *([_TEXT] if order.personal else []))
    query = query.where(branch, of_caller(work), *narrowed(order.wanted, work.now, prefix))
    if (latest := latest_report(order.wanted)) is not None:
        query = query.where(Issue.reported_at < latest)
    if last is not None:
        place = tuple_(literal(last[0], UtcDateTime()), literal(last[1], Issue.id.type))
        query = query.where(placed < place)
    return (await work.session.execute(query.order_by(*NEWEST_FIRST).limit(most))).all()


async def _records(work: Work, order: Order, rows: Sequence[_Row]) -> list[Record]:
    people: Mapping[UUID, Reporter] = {}
    if order.personal:
        query = select(Reporter).where(Reporter.issue_id.in_([row.id for row in rows]))
        people = {one.issue_id: one for one in await work.session.scalars(query)}
    catalogue, rules = work.part(Catalogue), work.part(ExportRules)
    return [_record(row, order, catalogue, rules, person=people.get(row.id)) for row in rows]


def _record(
    row: _Row, order: Order, catalogue: Catalogue, rules: ExportRules, *, person: Reporter | None
) -> Record:
    open_words = order.personal or may_read(row.privacy_class, row.reporter_subject, order.caller)
    category = catalogue.find(row.category)
    values: dict[str, Value] = {column.name: getattr(row, column.name, None) for column in rules.columns}
    values["title"] = row.title if open_words else None
    if category is not None:
        values["category_name"] = category.zh if order.language == "zh" else category.en
    for field, words in rules.words.items():
        if values.get(field) is not None:
            values[field] = words[str(values[field])].in_language(order.language)
    location = places.read(row.place) if open_words else None
    if order.personal:
        values |= {
            "reporter_name": person.name if person else None,
            "reporter_phone": person.phone if person else None,
            "text": row.text,
            "address": None if location is None else location.address or location.compound,
        }
    point = None if location is None else location.point
    return Record(values, None if point is None else (point.longitude, point.latitude))
