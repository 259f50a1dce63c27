"""More time for an issue: asked for once, before it is over, and given by the level above."""

from datetime import datetime, timedelta
from uuid import UUID

from services.intake.extensions.bodies import DecisionIn, ExtensionIn
from services.intake.extensions.models import Extension
from services.intake.extensions.rules import DECIDERS, latest, level_above
from services.intake.issues.clocks import Clocks
from services.intake.issues.models import Issue
from services.intake.issues.record import NOTHING, Note, move, read_issue, taken
from services.intake.issues.verification import FourEyes
from shared.errors import Absent, FieldError, Forbidden, Invalid, Refused
from shared.events.intake import IssueExtended, IssueExtensionAsked, IssueExtensionRefused
from shared.service import Work


class ExtensionUsed(Refused):
    """More time is asked for once."""

    type, title = "extension-used", "More time was asked for before"


class TooLateToExtend(Refused):
    """More time is asked for before the time is over."""

    type, title = "too-late-to-extend", "The time is over already"


class ExtensionDecided(Refused):
    """What was decided is not decided again."""

    type, title = "extension-decided", "The extension has been decided"


async def ask_extension(work: Work, issue_id: UUID, body: ExtensionIn) -> Issue:
    """Ask the level above for time. Raises `ExtensionUsed`, `TooLateToExtend`, `Invalid` for the date."""
    issue = await taken(work, issue_id, "ask-extension")
    if await work.session.get(Extension, issue.id) is not None:
        raise ExtensionUsed("an issue is given more time once; what was refused is not asked again")
    due = _hold_to_bounds(work, issue, body.until)
    to_level = level_above(issue.level)
    extension = Extension(
        issue_id=issue.id,
        asked_by=work.actor().subject,
        asked_at=work.now,
        reason_code=body.reason_code,
        to_level=to_level,
        due_before=due,
        due_asked=body.until,
    )
    work.session.add(extension)
    issue.extension_count += 1
    note = Note(
        reason_code=body.reason_code,
        text=body.note,
        data={"to_level": to_level, "until": body.until.isoformat()},
    )
    snapshot = move(work, issue, "ask-extension", issue.state, note)
    work.emit(
        IssueExtensionAsked(issue=snapshot, to_level=to_level, until=body.until, reason_code=body.reason_code)
    )
    return issue


def _hold_to_bounds(work: Work, issue: Issue, until: datetime) -> datetime:
    """When the issue is due so far. Raises `TooLateToExtend`, `Invalid`."""
    began, due = issue.clock_began_at or issue.accepted_at, issue.due_resolve
    if began is None or due is None or work.now >= due:
        raise TooLateToExtend("ask before the time is over; it is a breach now")
    clocks = work.part(Clocks)
    most = latest(
        clocks.running(issue.urgency),
        began,
        due,
        timedelta(seconds=issue.paused_s),
        issue.category,
        limits=clocks.limits.extension,
    )
    if not due < until <= most:
        message = f"must lie after {due.isoformat()}, and at {most.isoformat()} at the latest"
        raise Invalid(f"until {message}", fields=[FieldError("until", message)])
    return due


async def decide_extension(work: Work, issue_id: UUID, body: DecisionIn) -> Issue:
    """Give the time that was asked for, or not. Raises `Absent`, `ExtensionDecided`, `FourEyes`, `Forbidden`.

    A clock that stood still meanwhile has moved its limit; what is given is added to where it is now.
    """
    issue = await taken(work, issue_id, "decide-extension")
    extension = await work.session.get(Extension, issue.id)
    if extension is None:
        raise Absent("nobody asked for more time")
    if extension.granted is not None:
        raise ExtensionDecided("it was granted" if extension.granted else "it was refused")
    if _is_past(issue, extension):
        raise ExtensionDecided("it was asked for before the issue was reopened, under clocks that are over")
    caller = work.actor()
    if not caller.has(*DECIDERS[extension.to_level]):
        raise Forbidden(f"level {extension.to_level} decides this, and you do not speak for it")
    if caller.subject in {extension.asked_by, issue.handler_person}:
        raise FourEyes("who asks for time does not give it")
    settle(work, issue, extension, by=caller.subject, granted=body.granted, note=Note(text=body.note))
    return issue


def settle(
    work: Work, issue: Issue, extension: Extension, *, by: str, granted: bool, note: Note = NOTHING
) -> None:
    """Write the decision down, and let the limit follow from it. The issue is locked."""
    extension.decided_by, extension.decided_at, extension.granted = by, work.now, granted
    before = issue.due_resolve or extension.due_before
    if granted:
        running = work.part(Clocks).running(issue.urgency)
        issue.due_resolve = running.add(before, running.between(extension.due_before, extension.due_asked))
    said = Note(text=note.text, data={**note.data, "granted": granted})
    snapshot = move(work, issue, "decide-extension", issue.state, said)
    work.emit(
        IssueExtended(issue=snapshot, due_before=before) if granted else IssueExtensionRefused(issue=snapshot)
    )


def _is_past(issue: Issue, extension: Extension) -> bool:
    return issue.clock_began_at is not None and extension.asked_at < issue.clock_began_at


async def read_extension(work: Work, issue_id: UUID) -> Extension:
    """What was asked for, and what was decided. Raises `Absent`, `Forbidden`."""
    await read_issue(work, issue_id)
    extension = await work.session.get(Extension, issue_id)
    if extension is None:
        raise Absent("nobody asked for more time")
    return extension


async def time_given(work: Work, issue: Issue) -> timedelta:
    """How much running time was added to the limit of an issue, since its clocks began anew."""
    extension = await work.session.get(Extension, issue.id)
    if extension is None or not extension.granted or _is_past(issue, extension):
        return timedelta()
    running = work.part(Clocks).running(issue.urgency)
    return running.between(extension.due_before, extension.due_asked)
