"""The problem list: narrowed, cut to the caller's areas, the newest first."""

import heapq
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Select, literal, select, tuple_

from services.intake.issues.models import Issue
from services.intake.issues.reading import UNSHOWN, of_caller
from services.intake.lists.bodies import Filter
from services.intake.lists.conditions import branches, narrowed
from services.intake.settings import IntakeSettings
from shared.db import UtcDateTime
from shared.errors import FieldError, Invalid
from shared.service import Work
from shared.web import Page

Place = tuple[datetime, UUID]


async def list_issues(work: Work, wanted: Filter, page: Page[str]) -> Sequence[Issue]:
    """The newest first, `limit + 1` of them: those of the caller's areas, or the caller's own.

    Open and ended issues are asked for apart, since each have indexes of their own.
    """
    after = None if page.after is None else _place(page.after)
    found = [
        (await work.session.scalars(query.options(*UNSHOWN).limit(page.limit + 1))).all()
        for query in queries(work, wanted, after)
    ]
    return list(islice(heapq.merge(*found, key=place_of, reverse=True), page.limit + 1))


def queries(work: Work, wanted: Filter, after: Place | None) -> list[Select[Issue]]:
    """One query for each part of the table, in the order of the list, beginning after a place."""
    terms = [of_caller(work), *narrowed(wanted, work.now, work.part(IntakeSettings).issue_prefix)]
    if after is not None:
        place = tuple_(literal(after[0], UtcDateTime()), literal(after[1], Issue.id.type))
        terms.append(tuple_(Issue.reported_at, Issue.id) < place)
    return [
        select(Issue).where(branch, *terms).order_by(Issue.reported_at.desc(), Issue.id.desc())
        for branch in branches(wanted)
    ]


def place_of(issue: Issue) -> Place:
    """Where an issue stands in a list."""
    return issue.reported_at, issue.id


def cursor_of(issue: Issue) -> tuple[str, ...]:
    """The same, as it goes into a cursor."""
    return issue.reported_at.isoformat(), str(issue.id)


def _place(after: tuple[str, ...]) -> Place:
    try:
        at, id = after
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("a moment has its offset")
        return moment, UUID(id)
    except ValueError as error:
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
