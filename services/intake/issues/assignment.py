"""Who handles an issue: assign, decline, and what grid proposes."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from services.intake.channels.off_list import hold_to_list
from services.intake.issues.bodies import AssignIn, ReasonIn
from services.intake.issues.complaints import keep_away
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, move, taken
from services.intake.limits import Limits
from shared.errors import Refused
from shared.events.intake import (
    Handler,
    Help,
    IssueAssigned,
    IssueDeclined,
    IssueHelpRequested,
    IssueState,
)
from shared.service import Work


class DeclinesExhausted(Refused):
    """The issue has been handed back often enough; who it is given to now keeps it."""

    type, title = "declines-exhausted", "The issue cannot be handed back again"


class SameHandler(Refused):
    """The person handles the issue already."""

    type, title = "same-handler", "The issue is this person's already"


async def assign_issue(work: Work, issue_id: UUID, body: AssignIn) -> Issue:
    """Name the handler by hand; a help that was asked for with the report goes out with the first one."""
    issue = await taken(work, issue_id, "assign")
    _give(work, issue, body)
    snapshot = move(work, issue, "assign", IssueState.assigned, Note(text=body.note))
    work.emit(IssueAssigned(issue=snapshot, automatic=False))
    if issue.help_asked is not None:
        ask_for_help(work, issue, issue.help_asked)
    return issue


async def transfer_issue(work: Work, issue_id: UUID, body: AssignIn) -> Issue:
    """Give work that has begun to another person; it goes on where it stands, under the same clocks."""
    issue = await taken(work, issue_id, "transfer")
    before = issue.handler_person
    _give(work, issue, body)
    note = Note(text=body.note, data={"from_person": before, "to_person": body.person})
    work.emit(IssueAssigned(issue=move(work, issue, "transfer", issue.state, note), automatic=False))
    return issue


def _give(work: Work, issue: Issue, body: AssignIn) -> None:
    if issue.handler_person == body.person:
        raise SameHandler(f"{body.person} handles the issue already")
    keep_away(issue, body.person)
    hold_to_list(issue, body.unit or issue.area_code, work.now)
    issue.handler_unit, issue.handler_person = body.unit or issue.area_code, body.person
    issue.assigned_at = work.now


async def decline_issue(work: Work, issue_id: UUID, body: ReasonIn) -> Issue:
    """Hand the issue back with a reason. Raises `DeclinesExhausted` once the community has decided."""
    issue = await taken(work, issue_id, "decline")
    most = work.part(Limits).decline.most
    if issue.decline_count >= most:
        raise DeclinesExhausted(f"it was handed back {most} times; speak with the community")
    # The state table lets only the handler come here, so there is one.
    handler = cast(Handler, issue.handler)
    issue.handler_unit = issue.handler_person = issue.assigned_at = None
    issue.decline_count += 1
    issue.assignment_round += 1
    note = Note(reason_code=body.reason_code, text=body.note)
    snapshot = move(work, issue, "decline", IssueState.accepted, note)
    work.emit(IssueDeclined(issue=snapshot, declined_by=handler, reason_code=body.reason_code))
    return issue


def ask_for_help(work: Work, issue: Issue, asked: Mapping[str, object]) -> None:
    """Put what a partner unit could give on the need list, under the next number of the issue."""
    issue.help_no += 1
    issue.help_asked = None
    note = Note(data={"help_no": issue.help_no, "kind": asked["kind"], "quantity": asked["quantity"]})
    snapshot = move(work, issue, "request-help", issue.state, note)
    work.emit(IssueHelpRequested(issue=snapshot, help=Help.model_validate({**asked, "no": issue.help_no})))
