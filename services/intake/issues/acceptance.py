"""Taking a matter in, or not: accept, reject."""

from datetime import datetime
from uuid import UUID

from services.intake.catalogue import Catalogue, Category
from services.intake.clocks.timers import start_clocks
from services.intake.emergencies.commands import next_step, raise_alarm
from services.intake.issues.bodies import AcceptIn, RejectIn
from services.intake.issues.checks import known_category
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, move, raise_max_level, taken
from shared.errors import FieldError, Invalid
from shared.events.intake import IssueAccepted, IssueRejected, IssueState, Urgency
from shared.service import Work


async def accept_issue(work: Work, issue_id: UUID, body: AcceptIn, *, due: datetime | None = None) -> Issue:
    """Say that the matter is ours, what it is and how urgent. Raises `Invalid` without a category.

    `due` is set from above, as the street does with its orders; otherwise the rules say it.
    """
    issue = await taken(work, issue_id, "accept")
    category = known_category(work.part(Catalogue), body.category or issue.category)
    if category is None:
        message = "an issue is accepted with its category"
        raise Invalid(message, fields=[FieldError("category", message)])
    urgency = body.urgency or (Urgency(issue.urgency) if issue.urgency else category.urgency)
    if body.category and not body.urgency:
        urgency = category.urgency
    _sort(work, issue, category, urgency)
    if due is not None:
        issue.due_resolve, issue.due_fixed = due, True
    if body.area_code is not None:
        work.permit(body.area_code)
        issue.area_code, issue.area_by_hand = body.area_code, True
    if body.households is not None:
        issue.households = list(body.households)
    issue.pillar, issue.against = body.pillar or issue.pillar, body.against or issue.against
    issue.affected_households = body.affected_households or issue.affected_households
    snapshot = move(work, issue, "accept", IssueState.accepted, Note(text=body.note))
    work.emit(IssueAccepted(issue=snapshot, households=tuple(issue.households), automatic=False))
    if urgency is Urgency.U0:
        raise_alarm(work, next_step(work, issue), category, body.emergency)
    return issue


def _sort(work: Work, issue: Issue, category: Category, urgency: Urgency) -> None:
    issue.category, issue.urgency = category.code, urgency
    issue.privacy_class = category.privacy_class
    issue.level = category.first_level
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
