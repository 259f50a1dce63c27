"""Taking a matter in, or not: accept, reject."""

from datetime import datetime
from uuid import UUID

from services.intake.catalogue import Catalogue, Category
from services.intake.clocks.timers import start_clocks
from services.intake.emergencies.commands import next_step, raise_alarm
from services.intake.escalations.copying import copy_upwards
from services.intake.issues.bodies import AcceptIn, RejectIn
from services.intake.issues.checks import known_category
from services.intake.issues.complaints import name_accused
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, move, raise_max_level, taken
from services.intake.issues.rules import OFFICE
from shared.errors import FieldError, Forbidden, Invalid
from shared.events.intake import IssueAccepted, IssueRejected, IssueState, Urgency
from shared.service import Work

GRID_LEVEL = 1


async def accept_issue(work: Work, issue_id: UUID, body: AcceptIn, *, due: datetime | None = None) -> Issue:
    """Say that the matter is ours, what it is, how urgent, and at which level work begins.

    Raises `Invalid` without a category, `Forbidden` for a level above the caller's. `due` is set from above,
    as the street does with its orders; otherwise the rules say it.
    """
    issue = await taken(work, issue_id, "accept")
    category = known_category(work.part(Catalogue), body.category or issue.category)
    if category is None:
        message = "an issue is accepted with its category"
        raise Invalid(message, fields=[FieldError("category", message)])
    urgency = body.urgency or (Urgency(issue.urgency) if issue.urgency else category.urgency)
    if body.category and not body.urgency:
        urgency = category.urgency
    name_accused(work, issue, category, body.against, explained=bool(body.note or due))
    _sort(work, issue, category, urgency, _level(work, category, body.level))
    if due is not None:
        issue.due_resolve, issue.due_fixed = due, True
    if body.area_code is not None:
        work.permit(body.area_code)
        issue.area_code, issue.area_by_hand = body.area_code, True
    if body.households is not None:
        issue.households = list(body.households)
    issue.pillar = body.pillar or issue.pillar
    issue.affected_households = body.affected_households or issue.affected_households
    note = Note(text=body.note, data={"level": issue.level, "usual_level": category.first_level})
    snapshot = move(work, issue, "accept", IssueState.accepted, note)
    work.emit(IssueAccepted(issue=snapshot, households=tuple(issue.households), automatic=False))
    copy_upwards(work, issue, category)
    if urgency is Urgency.U0:
        raise_alarm(work, next_step(work, issue), category, body.emergency)
    return issue


def _level(work: Work, category: Category, by_hand: int | None) -> int:
    """Where work begins. Raises `Forbidden` for a level that is not the caller's to set."""
    if by_hand is None:
        return category.first_level
    if by_hand > GRID_LEVEL and not work.actor().has(*OFFICE):
        raise Forbidden(f"level {by_hand} is for the community to set")
    return by_hand


def _sort(work: Work, issue: Issue, category: Category, urgency: Urgency, level: int) -> None:
    issue.category, issue.urgency = category.code, urgency
    issue.privacy_class = category.privacy_class
    issue.level = level
    raise_max_level(issue, issue.level)
    issue.accepted_at = work.now
    start_clocks(work, issue, category, urgency)


async def reject_issue(work: Work, issue_id: UUID, body: RejectIn) -> Issue:
    """Say that the matter is not for this community; the advice is what the reporter may do instead."""
    issue = await taken(work, issue_id, "reject")
    note = Note(reason_code=body.reason_code, text=body.advice)
    snapshot = move(work, issue, "reject", IssueState.rejected, note)
    work.emit(IssueRejected(issue=snapshot, reason_code=body.reason_code))
    return issue
