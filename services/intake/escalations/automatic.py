"""The rule of the house that hands an issue up where its time is used up and nobody else has."""

from uuid import UUID

from sqlalchemy import select

from services.intake.catalogue import Catalogue
from services.intake.escalations.record import draft, open_handovers, send
from services.intake.issues.clocks import Clocks
from services.intake.issues.models import Issue, TimelineEntry
from shared.events.intake import Dossier, EscalationType
from shared.service import Work

MOST_STEPS = 20


async def hand_up(work: Work, issue: Issue, level: int) -> UUID:
    """Send the issue, on which work has begun, to a level; what waits for an approval needs it no longer.

    Returns the id of the hand-over. The issue is locked.
    """
    asked = next(iter(await open_handovers(work, issue.id)), None)
    if asked is None:
        asked = draft(work, issue, EscalationType.handover, level)
        asked.dossier = (await _dossier(work, issue)).model_dump(mode="json")
        asked.criteria = [work.part(Clocks).rules.hand_up.criterion]
        work.session.add(asked)
    else:
        asked.version += 1
    asked.decided_by = "system"
    send(work, asked, issue)
    return asked.id


async def _dossier(work: Work, issue: Issue) -> Dossier:
    clocks = work.part(Clocks)
    texts, category = clocks.rules.hand_up, work.part(Catalogue).find(issue.category)
    due = issue.due_resolve.astimezone(clocks.zone) if issue.due_resolve else None
    return Dossier(
        facts=texts.facts.format(
            no=issue.no,
            code=issue.category,
            category="" if category is None else category.zh,
            due="" if due is None else f"{due:%Y-%m-%d %H:%M}",
        ),
        tried=tuple(await _steps(work, issue)),
        why_not_here=texts.why_not_here,
        ask=texts.ask,
    )


async def _steps(work: Work, issue: Issue) -> list[str]:
    """What was done so far, with its dates: codes only, since nobody has looked over the words."""
    query = (
        select(TimelineEntry.at, TimelineEntry.command)
        .where(TimelineEntry.issue_id == issue.id, TimelineEntry.from_state != TimelineEntry.to_state)
        .order_by(TimelineEntry.id.desc())
        .limit(MOST_STEPS)
    )
    zone = work.part(Clocks).zone
    found = [(row.at, row.command) for row in await work.session.execute(query)]
    return [f"{at.astimezone(zone):%Y-%m-%d %H:%M} {command}" for at, command in reversed(found)]
