"""How an issue is changed: locked, permitted, held to the state table, written down on its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.intake.clocks.timers import set_timer
from services.intake.issues.clocks import Clocks
from services.intake.issues.colours import Facts, colour_of
from services.intake.issues.complaints import hold_off
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.rules import COMMANDS, OFFICE, STAFF, By, allowed
from shared.auth import Caller, Role
from shared.errors import Absent, Forbidden, IllegalTransition
from shared.events.intake import IssueSnapshot, IssueState
from shared.service import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What stands beside a step on the timeline; `text` is encrypted, `data` holds codes and counts only."""

    reason_code: str | None = None
    text: str | None = None
    evidence: Sequence[UUID] = ()
    data: dict[str, object] = field(default_factory=dict)


NOTHING = Note()


def snapshot_of(issue: Issue) -> IssueSnapshot:
    """What the others may know of the issue as it stands."""
    return IssueSnapshot.model_validate(issue, from_attributes=True)


async def locked(work: Work, issue_id: UUID) -> Issue:
    """The issue, held until the transaction ends. Raises `Absent`."""
    issue = await work.session.get(Issue, issue_id, with_for_update=True)
    if issue is None:
        raise Absent("there is no such issue")
    return issue


async def read_issue(work: Work, issue_id: UUID) -> Issue:
    """One issue, for its reporter, who works on it, and staff of the area. Raises `Absent`, `Forbidden`."""
    issue = await work.session.get(Issue, issue_id)
    if issue is None:
        raise Absent("there is no such issue")
    permit_concerned(work, issue)
    return issue


async def lock_with_master(work: Work, issue_id: UUID) -> Issue:
    """Hold the issue and the one that it was merged into, and return what stands for it: itself, or that.

    They are locked in the order of their ids, so that two families cannot wait for one another.
    """
    master_id = await work.session.scalar(select(Issue.parent_id).where(Issue.id == issue_id))
    for one in sorted({issue_id, master_id or issue_id}):
        await locked(work, one)
    issue = await locked(work, issue_id)
    # It may have moved to another master since; that one is locked late, which is rare.
    return issue if issue.parent_id is None else await locked(work, issue.parent_id)


async def taken(work: Work, issue_id: UUID, name: str) -> Issue:
    """The issue, locked, for a command that the caller may give it and that its state allows.

    Raises `Absent`, `Forbidden` (area, handler, reporter), `Stale` (If-Match), `IllegalTransition`.
    """
    issue = await locked(work, issue_id)
    permit(work, issue, COMMANDS[name].by)
    work.expect(issue.version)
    hold_to_table(issue, name)
    return issue


def hold_to_table(issue: Issue, name: str) -> None:
    """Raise `IllegalTransition`, naming what is possible, where the state does not allow the command."""
    if issue.state not in COMMANDS[name].sources:
        detail = f"{name} is not possible while the issue is {issue.state}"
        raise IllegalTransition(detail, allowed=allowed(issue.state))


def permit(work: Work, issue: Issue, by: By) -> None:
    """Raise `Forbidden` unless the issue is the caller's in the way that the command asks for."""
    caller = work.actor()
    hold_off(work, issue)
    if by is By.REPORTER:
        _permit_reporter(work, issue, caller)
    elif by is By.HANDLER:
        if caller.subject != issue.handler_person and issue.handler_person is not None:
            work.permit(issue.area_code)
            raise Forbidden("only the handler of the issue may do this")
        _permit_place(work, issue, caller)
    elif by is By.HANDLER_OR_AREA:
        _permit_place(work, issue, caller)
    else:
        work.permit(issue.area_code)


def permit_concerned(work: Work, issue: Issue) -> None:
    """Raise `Forbidden` unless the caller reported it, works on it, or has the area (staff, the street)."""
    caller = work.actor()
    hold_off(work, issue)
    if caller.subject in {issue.reporter_subject, issue.handler_person, *issue.task_people}:
        work.permit_own(caller.subject)
    elif caller.has(*STAFF, Role.STREET_OFFICER):
        work.permit(issue.area_code)
    else:
        work.permit_own(issue.reporter_subject)


def _permit_reporter(work: Work, issue: Issue, caller: Caller) -> None:
    # Who reported by phone or at the counter has no account: the office speaks for them.
    if issue.reporter_subject is None and caller.has(*OFFICE):
        work.permit(issue.area_code)
    else:
        work.permit_own(issue.reporter_subject)


def _permit_place(work: Work, issue: Issue, caller: Caller) -> None:
    if caller.subject == issue.handler_person:
        work.permit_own(issue.handler_person)
    else:
        work.permit(issue.area_code)


def move(work: Work, issue: Issue, command: str, target: str, note: Note = NOTHING) -> IssueSnapshot:
    """Take one step: state, version, colour, timeline. Returns the snapshot for the step's event."""
    before, issue.state = issue.state, target
    issue.version += 1
    set_timer(work, issue)
    repaint(work, issue)
    _write(work, issue, command, before, note)
    return snapshot_of(issue)


def jot(work: Work, issue: Issue, command: str, note: Note = NOTHING) -> None:
    """Write something down that changes nothing about the issue itself, and that no event tells of."""
    _write(work, issue, command, issue.state, note)


def repaint(work: Work, issue: Issue) -> None:
    """Bring the colour up to date."""
    facts = Facts(
        state=issue.state,
        urgency=issue.urgency,
        level=issue.level,
        reopen_count=issue.reopen_count,
        accepted_at=issue.accepted_at,
        clock_began_at=issue.clock_began_at,
        due_resolve=issue.due_resolve,
        resolved_at=issue.resolved_at,
        suspended_at=issue.suspended_at,
        paused=timedelta(seconds=issue.paused_s),
        supervised=issue.supervised,
    )
    colour = colour_of(facts, work.now, work.part(Clocks))
    if colour != issue.colour:
        issue.colour, issue.colour_since = colour, work.now


def raise_max_level(issue: Issue, level: int) -> None:
    """The highest level that really took the issue; it never falls."""
    issue.max_level = max(issue.max_level, level)


def actor_of(work: Work) -> tuple[str, str]:
    """Who acts, and in which role: the caller, or the rules of the house where an event is the reason."""
    if work.caller is None:
        return "system", "system"
    return work.caller.subject, " ".join(sorted(work.caller.roles)) or work.caller.kind.value


def is_in(issue: Issue, *states: IssueState) -> bool:
    """Whether the issue is in one of these states."""
    return cast(IssueState, issue.state) in states


def _write(work: Work, issue: Issue, command: str, before: str, note: Note) -> None:
    actor, role = actor_of(work)
    entry = TimelineEntry(
        id=uuid7(),
        issue_id=issue.id,
        version=issue.version,
        at=work.now,
        actor=actor,
        role=role,
        command=command,
        from_state=before,
        to_state=issue.state,
        reason_code=note.reason_code,
        note=note.text,
        evidence=[str(one) for one in note.evidence],
        data=note.data,
    )
    work.session.add(entry)
