"""The problem list: narrowed, cut to the caller's areas, the newest first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Tuple, literal, select, tuple_

from services.intake.issues.models import Issue
from services.intake.issues.reading import UNSHOWN, of_caller
from services.intake.lists.bodies import Filter
from services.intake.lists.conditions import branches, latest_report, narrowed
from services.intake.settings import IntakeSettings
from shared.db import UtcDateTime
from shared.errors import FieldError, Invalid
from shared.service import Work
from shared.web import Page

Place: TypeAlias = tuple[datetime, UUID]
placed = tuple_(Issue.reported_at, Issue.id)
NEWEST_FIRST = (Issue.reported_at.desc(), Issue.id.desc())
# Few enough to be read in a few milliseconds whatever the filter is.
_LOOKED_THROUGH = 3000


async def list_issues(work: Work, wanted: Filter, page: Page[str]) -> Sequence[Issue]:
    """The newest first, `limit + 1` of them: those of the caller's areas, or the caller's own."""
    after = None if page.after is None else _place(page.after)
    places = await find_places(work, wanted, after, page.limit + 1)
    query = select(Issue).options(*UNSHOWN).where(Issue.id.in_([id for _, id in places]))
    by_id = {issue.id: issue for issue in await work.session.scalars(query)}
    return [by_id[id] for _, id in places]


async def find_places(work: Work, wanted: Filter, after: Place | None, most: int) -> list[Place]:
    """Where the next issues stand, the newest first. Open and ended ones have indexes of their own.

    A planner takes a filter's hits to lie evenly, and would read a whole table in its order where they do
    not. So the newest are looked through first, and what lies beyond them is found by what it is.
    """
    terms = [of_caller(work), *narrowed(wanted, work.now, work.part(IntakeSettings).issue_prefix)]
    bounds = [] if after is None else [placed < _written(after)]
    if (latest := latest_report(wanted)) is not None:
        bounds.append(Issue.reported_at < latest)
    found: list[Place] = []
    for branch in branches(wanted):
        found += await _in_branch(work, [branch, *bounds], terms, most)
    return sorted(found, reverse=True)[:most]


async def _in_branch(
    work: Work, bounds: Sequence[ColumnElement[bool]], terms: Sequence[ColumnElement[bool]], most: int
) -> list[Place]:
    places = select(Issue.reported_at, Issue.id)
    skipping = places.where(*bounds).order_by(*NEWEST_FIRST).offset(_LOOKED_THROUGH).limit(1)
    edge = next(iter(await _places(work, skipping)), None)
    near = bounds if edge is None else [*bounds, placed >= _written(edge)]
    query = places.where(*near, *terms).order_by(*NEWEST_FIRST).limit(most)
    found = await _places(work, query)
    if edge is None or len(found) == most:
        return found
    beyond = places.where(*bounds, placed < _written(edge), *terms).cte("beyond").prefix_with("MATERIALIZED")
    rest = select(beyond).order_by(beyond.c.reported_at.desc(), beyond.c.id.desc()).limit(most - len(found))
    return found + await _places(work, rest)


async def _places(work: Work, query: Select[datetime, UUID]) -> list[Place]:
    return [(row.reported_at, row.id) for row in await work.session.execute(query)]


def cursor_of(issue: Issue) -> tuple[str, ...]:
    """The same, as it goes into a cursor."""
    return issue.reported_at.isoformat(), str(issue.id)


def _written(place: Place) -> Tuple:
    return tuple_(literal(place[0], UtcDateTime()), literal(place[1], Issue.id.type))


def _place(after: tuple[str, ...]) -> Place:
    try:
        at, id = after
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("a moment has its offset")
        return moment.astimezone(UTC), UUID(id)
    except (ValueError, OverflowError) as error:
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
