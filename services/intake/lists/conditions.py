"""What a filter means in SQL."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from services.intake.issues.models import Issue
from services.intake.issues.reading import within
from services.intake.lists.bodies import Filter
from services.intake.lists.models import HAD_HELP, HAS_ENDED, IS_OPEN, WAS_LATE, WAS_REOPENED

_NUMBER_DIGITS = 9


def branches(wanted: Filter) -> tuple[ColumnElement[bool], ...]:
    """The parts of the table in which the filter can find something, each with its own indexes."""
    if wanted.open is None:
        return (IS_OPEN, HAS_ENDED)
    return (IS_OPEN,) if wanted.open else (HAS_ENDED,)


def narrowed(wanted: Filter, now: datetime, prefix: str) -> list[ColumnElement[bool]]:
    """All that must hold; `prefix` begins the numbers of this community."""
    terms = (
        None if wanted.state is None else Issue.state.in_(wanted.state),
        None if wanted.category is None else _under_category(wanted.category),
        None if wanted.urgency is None else Issue.urgency.in_(wanted.urgency),
        None if wanted.colour is None else Issue.colour.in_(wanted.colour),
        None if wanted.level is None else Issue.level.in_(wanted.level),
        None if wanted.channel is None else Issue.channel.in_(wanted.channel),
        None if wanted.area is None else within(wanted.area),
        None if wanted.handler is None else Issue.handler_person == wanted.handler,
        None if wanted.no is None else _numbered(wanted.no, prefix),
        None if wanted.overdue is None else _late(now, late=wanted.overdue),
        None if wanted.has_help is None else _counted(HAD_HELP, wanted.has_help),
        None if wanted.reopened is None else _counted(WAS_REOPENED, wanted.reopened),
        *_between(wanted),
    )
    return [term for term in terms if term is not None]


def latest_report(wanted: Filter) -> datetime | None:
    """Before when all that is looked for was reported: nothing closes or is due before it was reported."""
    ends = (wanted.reported_to, wanted.closed_to, wanted.due_before)
    return min((end for end in ends if end is not None), default=None)


def _between(wanted: Filter) -> tuple[ColumnElement[bool] | None, ...]:
    return (
        None if wanted.reported_from is None else Issue.reported_at >= wanted.reported_from,
        None if wanted.reported_to is None else Issue.reported_at < wanted.reported_to,
        None if wanted.closed_from is None else Issue.closed_at >= wanted.closed_from,
        None if wanted.closed_to is None else Issue.closed_at < wanted.closed_to,
        None if wanted.due_before is None else Issue.due_resolve < wanted.due_before,
    )


def _under_category(code: str) -> ColumnElement[bool]:
    # As a range of digits, which an index answers under any collation.
    return Issue.category == code if len(code) == 4 else Issue.category.between(code, code.ljust(4, "9"))


def _numbered(part: str, prefix: str) -> ColumnElement[bool]:
    text = part if part[0].isalpha() else f"{prefix}-{part}"
    if text.count("-") == 1:
        text += "-"
    return or_(Issue.no == text, Issue.no.between(f"{text}0", text + "9" * _NUMBER_DIGITS))


def _late(now: datetime, *, late: bool) -> ColumnElement[bool]:
    is_late = or_(
        and_(IS_OPEN, Issue.resolved_at.is_(None), Issue.due_resolve < now),
        WAS_LATE,
    )
    # What has no due date yet is not late; NULL would drop it from both.
    return is_late if late else or_(Issue.due_resolve.is_(None), is_late.is_not(True))


def _counted(some: ColumnElement[bool], wanted: bool) -> ColumnElement[bool]:
    return some if wanted else ~some
