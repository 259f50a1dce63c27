"""Finding records: locked for a change, or cut to what the caller may know of."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from services.partners.models import Record
from shared.auth import Caller, CallerKind
from shared.errors import Absent, FieldError, Forbidden, Invalid
from shared.service import Work
from shared.web import Page

R = TypeVar("R", bound=Record)


async def found(work: Work, kind: type[R], record_id: UUID) -> R:
    """The record. Raises `Absent`."""
    record = await work.session.get(kind, record_id)
    if record is None:
        raise Absent(f"there is no {kind.__name__.lower()} {record_id}")
    return record


async def locked(work: Work, kind: type[R], record_id: UUID) -> R:
    """The record as it is now; nobody else changes it before we commit. Raises `Absent`."""
    records = await locked_all(work, kind, [record_id])
    if not records:
        raise Absent(f"there is no {kind.__name__.lower()} {record_id}")
    return records[0]


async def locked_all(work: Work, kind: type[R], record_ids: Sequence[UUID]) -> list[R]:
    """The same of several, in the order of their ids, so that two callers cannot wait for one another.

    The lock leaves the key alone, so that rows that refer to the record can still be added. What this
    transaction has changed so far is stored first: reading the rows afresh would undo it.
    """
    await work.session.flush()
    query = select(kind).where(kind.id.in_(record_ids)).order_by(kind.id).with_for_update(key_share=True)
    return list(await work.session.scalars(query.execution_options(populate_existing=True)))


def is_unit(caller: Caller) -> bool:
    """Whether a partner unit is calling, by its API key."""
    return caller.kind is CallerKind.PARTNER


def permit_record(work: Work, *, unit_code: str, area_code: str) -> None:
    """Let a unit at its own records and staff at those of their area.

    Raises `Absent` for another unit's record, whose being there is none of the caller's business,
    and `Forbidden` for one of another area.
    """
    caller = work.actor()
    if is_unit(caller) and caller.unit != unit_code:
        raise Absent("there is no such record")
    if is_unit(caller):
        work.areas()
    else:
        work.permit(area_code)


def permit_community(work: Work, community_code: str) -> None:
    """Let staff of the community, or of a part of it, at what all of the community shares."""
    if not any(area.startswith(community_code) or community_code.startswith(area) for area in work.areas()):
        raise Forbidden(f"community {community_code} is not yours")


def within(column: InstrumentedAttribute[str], areas: Sequence[str]) -> ColumnElement[bool]:
    """Rows whose area lies in one of these."""
    return or_(false(), *(column.startswith(area) for area in areas))


def within_community(column: InstrumentedAttribute[str], areas: Sequence[str]) -> ColumnElement[bool]:
    """Rows of communities that lie in one of these areas, or around it."""
    return within(column, [area[:12] for area in areas])


async def newest(work: Work, query: Select[R], kind: type[R], page: Page[str]) -> Sequence[R]:
    """One page of the query, the newest first, with one row more where there are more.

    Ids are made of the time, so their order is that of the records' making.
    """
    if page.after is not None:
        try:
            query = query.where(kind.id < UUID(page.after[0]))
        except ValueError as error:
            message = "take the cursor from the Link header unchanged"
            raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
    return (await work.session.scalars(query.order_by(kind.id.desc()).limit(page.limit + 1))).all()
