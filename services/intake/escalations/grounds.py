"""What speaks for handing an issue up: its facts, and which criteria they meet."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from services.intake.clocks.timers import standing_of
from services.intake.clocks.timetable import percent_used
from services.intake.escalations.criteria import Criteria, Fact
from services.intake.escalations.views import CriterionOut
from services.intake.issues.clocks import Clocks
from services.intake.issues.models import Issue
from services.intake.issues.record import read_issue
from services.intake.mediation.models import Mediation
from services.intake.mediation.rules import CAME_TO_NOTHING
from shared.events.grid import Colour
from shared.service import Work


async def facts_of(work: Work, issue: Issue) -> dict[Fact, int]:
    """All that criteria can be held against, as it is now."""
    failed = select(func.count()).select_from(Mediation)
    failed = failed.where(Mediation.issue_id == issue.id, Mediation.state.in_(CAME_TO_NOTHING))
    red = timedelta()
    if issue.colour == Colour.red:
        red = work.now - (issue.colour_since or issue.reported_at)
    return {
        Fact.affected_households: issue.affected_households,
        Fact.clock_percent: percent_used(standing_of(issue), work.part(Clocks), work.now),
        Fact.reopen_count: issue.reopen_count,
        Fact.red_days: red.days,
        Fact.mediations_failed: await work.session.scalar(failed) or 0,
    }


async def list_grounds(work: Work, issue_id: UUID) -> list[CriterionOut]:
    """Every criterion of the levels above the issue's own, and whether it is met. Raises `Absent`."""
    issue = await read_issue(work, issue_id)
    facts, criteria = await facts_of(work, issue), work.part(Criteria)
    return [
        CriterionOut(
            level=level,
            code=one.code,
            zh=one.zh,
            en=one.en,
            fact=one.fact,
            at_least=one.at_least,
            value=one.value(facts),
            holds=one.holds(facts),
        )
        for level in sorted(criteria.levels)
        if level > issue.level
        for one in criteria.of(level)
    ]
