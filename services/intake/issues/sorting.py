"""Finding out late what a matter is: another category, another urgency."""

from datetime import timedelta
from uuid import UUID

from services.intake.catalogue import OTHER, Catalogue, Category
from services.intake.emergencies.bodies import EmergencyIn
from services.intake.emergencies.commands import call_off, raise_alarm_late
from services.intake.escalations.copying import copy_upwards
from services.intake.extensions.commands import time_given
from services.intake.issues.bodies import Body, CategoryCode
from services.intake.issues.checks import invalid, known_category
from services.intake.issues.clocks import Clocks, due_after_acceptance
from services.intake.issues.complaints import name_accused
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, move, raise_max_level, taken
from services.intake.words import Subject, Text
from shared.events.intake import IssueRecategorised, Urgency
from shared.service import Work


class RecategoriseIn(Body):
    """What the matter turned out to be; an urgency that is left out follows from the category.

    `against` is who is complained about.
    """

    category: CategoryCode | None = None
    urgency: Urgency | None = None
    against: Subject | None = None
    emergency: EmergencyIn | None = None
    note: Text


async def recategorise_issue(work: Work, issue_id: UUID, body: RecategoriseIn) -> Issue:
    """Sort a matter anew. Its clocks count from acceptance still; what was waited, given or ordered stays.

    Raises `Invalid` where nothing would change, and for category 99: nobody sorts a matter out of order.
    """
    issue = await taken(work, issue_id, "recategorise")
    before, urgency_before = issue.category, issue.urgency
    category = _category(work, issue, body)
    urgency = body.urgency or (category.urgency if body.category else Urgency(urgency_before or Urgency.U2))
    if (category.code, urgency, body.against) == (before, urgency_before, None):
        raise invalid("category", f"it is {before} with urgency {urgency_before} already")
    name_accused(work, issue, category, body.against, explained=True)
    first_before = _first_level(work, before)
    issue.category, issue.urgency, issue.privacy_class = category.code, urgency, category.privacy_class
    # What was raised on its way does not fall again.
    raised = issue.level > first_before
    issue.level = max(issue.level, category.first_level) if raised else category.first_level
    raise_max_level(issue, issue.level)
    await _reckon(work, issue, category, urgency)
    data: dict[str, object] = {"from_category": before, "from_urgency": urgency_before}
    snapshot = move(work, issue, "recategorise", issue.state, Note(text=body.note, data=data))
    from_urgency = None if urgency_before is None else Urgency(urgency_before)
    work.emit(IssueRecategorised(issue=snapshot, from_category=before, from_urgency=from_urgency))
    if category.code != before:
        copy_upwards(work, issue, category)
    if urgency is Urgency.U0 and urgency_before != Urgency.U0:
        await raise_alarm_late(work, issue, category, body.emergency)
    elif urgency is not Urgency.U0 and urgency_before == Urgency.U0:
        await call_off(work, issue)
    return issue


def _category(work: Work, issue: Issue, body: RecategoriseIn) -> Category:
    category = known_category(work.part(Catalogue), body.category or issue.category)
    if category is None or body.category == OTHER:
        raise invalid("category", "say what kind of matter it is")
    return category


def _first_level(work: Work, code: str | None) -> int:
    category = work.part(Catalogue).find(code)
    return category.first_level if category else 0


async def _reckon(work: Work, issue: Issue, category: Category, urgency: Urgency) -> None:
    clocks, given = work.part(Clocks), await time_given(work, issue)
    running, began = clocks.running(urgency), issue.clock_began_at or issue.accepted_at or work.now
    due = due_after_acceptance(category, urgency, began, clocks)
    added = timedelta(seconds=issue.paused_s)
    issue.due_respond, issue.due_interim = due.respond, running.add(due.interim, added)
    if not issue.due_fixed:
        issue.due_resolve = running.add(due.resolve, added + given)
