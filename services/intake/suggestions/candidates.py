"""Which issues a matter is laid beside: open ones, of its time, the nearest areas first, a bounded number."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from services.intake.issues.models import Issue
from services.intake.issues.reading import of_caller, within
from services.intake.lists.models import IS_OPEN
from services.intake.suggestions.models import SuggestionAnswer
from services.intake.suggestions.rules import DuplicateRules
from shared.service import Work

DUPLICATE = "duplicate"
_GRID_DIGITS = 15


async def find_candidates(
    work: Work, rules: DuplicateRules, at: datetime, area_code: str | None, but: UUID | None
) -> Sequence[Issue]:
    """Open issues of the caller's areas from the days round that moment, the newest of the same grid first.

    Left out are the issue itself and what a clerk found to be no twin of it.
    """
    window = timedelta(days=rules.days)
    terms = [IS_OPEN, of_caller(work), Issue.reported_at.between(at - window, at + window)]
    if but is not None:
        terms += [Issue.id != but, Issue.id.not_in(await _declined(work, but))]
    found: dict[UUID, Issue] = {}
    if area_code is not None and len(area_code) >= _GRID_DIGITS:
        in_grid = _newest([*terms, within(area_code[:_GRID_DIGITS])], rules.same_grid)
        found.update({issue.id: issue for issue in await work.session.scalars(in_grid)})
    anywhere = await work.session.scalars(_newest(terms, rules.community))
    return list({**found, **{issue.id: issue for issue in anywhere}}.values())


async def _declined(work: Work, issue_id: UUID) -> set[UUID]:
    answers = select(SuggestionAnswer.issue_id, SuggestionAnswer.value).where(
        SuggestionAnswer.kind == DUPLICATE,
        SuggestionAnswer.taken.is_(False),
        or_(SuggestionAnswer.issue_id == issue_id, SuggestionAnswer.value == str(issue_id)),
    )
    return {
        UUID(row.value) if row.issue_id == issue_id else row.issue_id
        for row in await work.session.execute(answers)
    }


def _newest(terms: Sequence[ColumnElement[bool]], most: int) -> Select[Issue]:
    return select(Issue).where(*terms).order_by(Issue.reported_at.desc(), Issue.id.desc()).limit(most)
