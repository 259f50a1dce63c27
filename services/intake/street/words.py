"""What the street says of an issue: it looks after it, asks for haste, judges, gives time (domain.md §9)."""

from datetime import datetime

from services.intake.extensions.commands import settle
from services.intake.extensions.models import Extension
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, move
from services.intake.issues.rules import COMMANDS, OPEN
from services.intake.street.models import StreetWord
from shared.events.intake import IssueEvaluated, IssueReminded, IssueSupervised
from shared.events.notify import (
    StreetEvaluated,
    StreetExtensionDecided,
    StreetIssueEvent,
    StreetReminded,
    StreetSupervised,
)
from shared.service import Work

STREET_LEVEL = 3


async def supervise(work: Work, event: StreetSupervised) -> None:
    """督办: the issue turns red, and is due when the street says, if that is sooner."""
    issue = await locked(work, event.issue_id)
    note = _keep(work, event, "supervise", event.text, grade=event.level, due=event.due)
    if issue.state not in OPEN:
        _note_late(work, issue, "supervise", note)
        return
    issue.supervised, issue.supervised_until = event.level, event.due
    if issue.due_resolve is not None and event.due < issue.due_resolve:
        issue.due_resolve, issue.due_fixed = event.due, True
    snapshot = move(work, issue, "supervise", issue.state, note)
    work.emit(IssueSupervised(issue=snapshot, grade=event.level, due=event.due, by=event.inbound.source))


async def remind(work: Work, event: StreetReminded) -> None:
    """催办: it stands on the timeline, and whoever handles the issue hears of it."""
    issue = await locked(work, event.issue_id)
    note = _keep(work, event, "remind", event.text)
    if issue.state not in OPEN:
        _note_late(work, issue, "remind", note)
        return
    snapshot = move(work, issue, "remind", issue.state, note)
    work.emit(IssueReminded(issue=snapshot, by=event.inbound.source))


async def evaluate(work: Work, event: StreetEvaluated) -> None:
    """The street judges what was done; an issue that was reopened meanwhile keeps the judgement."""
    issue = await locked(work, event.issue_id)
    note = _keep(work, event, "evaluate", event.text, grade=event.score)
    snapshot = move(work, issue, "evaluate", issue.state, note)
    work.emit(IssueEvaluated(issue=snapshot, score=event.score, by=event.inbound.source))


async def decide(work: Work, event: StreetExtensionDecided) -> None:
    """Give the time that the street was asked for, or less of it, or none; what was decided stays."""
    issue = await locked(work, event.issue_id)
    note = _keep(work, event, "decide-extension", event.text, due=event.new_due)
    extension = await work.session.get(Extension, issue.id)
    awaited = extension is not None and extension.granted is None and extension.to_level == STREET_LEVEL
    if extension is None or not awaited or issue.state not in COMMANDS["decide-extension"].sources:
        _note_late(work, issue, "decide-extension", note)
        return
    if event.new_due is not None and extension.due_before < event.new_due < extension.due_asked:
        extension.due_asked = event.new_due
    settle(work, issue, extension, by=office_of(event), granted=event.granted, note=note)


def office_of(event: StreetIssueEvent) -> str:
    """Who acted, as the timeline names it."""
    return f"office:{event.inbound.source}"


def _keep(
    work: Work,
    event: StreetIssueEvent,
    kind: str,
    text: str,
    *,
    grade: int | None = None,
    due: datetime | None = None,
) -> Note:
    """Write the word down; the note is what the timeline says of it."""
    word = StreetWord(
        id=event.inbound.id,
        issue_id=event.issue_id,
        kind=kind,
        office=event.inbound.source,
        grade=grade,
        due=due,
        text=text or None,
        at=event.inbound.received_at,
    )
    work.session.add(word)
    data: dict[str, object] = {"by": office_of(event)}
    if grade is not None:
        data["grade"] = grade
    if due is not None:
        data["due"] = due.isoformat()
    return Note(text=text or None, data=data)


def _note_late(work: Work, issue: Issue, command: str, note: Note) -> None:
    """The word came when it had nothing to say any more: it is known, and changes nothing."""
    jot(work, issue, command, Note(text=note.text, data={**note.data, "late": True}))
