"""What happens when a clock of an issue strikes."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

from services.intake.catalogue import COMMUNITY_LEVEL
from services.intake.clocks.timers import due_strokes, set_timer
from services.intake.clocks.timetable import Stage, Stroke
from services.intake.escalations.automatic import hand_up
from services.intake.escalations.rules import STREET_LEVEL
from services.intake.issues.handling import let_work_go_on
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, is_in, move
from shared.events.intake import IssueState, SlaBreached, SlaEscalated, SlaWarned
from shared.service import Work

MINUTE = timedelta(minutes=1)


async def strike(work: Work, issue: Issue) -> None:
    """Do what is due. The issue is locked; each stroke is heard once, in the transaction that notes it."""
    while due := due_strokes(work, issue):
        stroke = due[0]
        issue.fired = [*issue.fired, stroke.name]
        await ACTIONS[stroke.stage](work, issue, stroke)
    set_timer(work, issue)


async def _warn(work: Work, issue: Issue, stroke: Stroke) -> None:
    snapshot = move(work, issue, "sla-warning", issue.state, _note(stroke))
    work.emit(SlaWarned(issue=snapshot, clock=stroke.clock, due_at=stroke.due, used_percent=stroke.percent))


async def _breach(work: Work, issue: Issue, stroke: Stroke) -> None:
    snapshot = move(work, issue, "sla-breached", issue.state, _note(stroke))
    event = SlaBreached(
        issue=snapshot,
        clock=stroke.clock,
        due_at=stroke.due,
        used_percent=stroke.percent,
        minutes_late=(work.now - stroke.due) // MINUTE,
    )
    work.emit(event)


async def _raise(work: Work, issue: Issue, stroke: Stroke) -> None:
    """Lift the issue by one level: work that was begun is handed up, up to the street; what was not begun
    becomes the matter of the next level within the community, and above that is only told of."""
    before = issue.level
    handed_up: UUID | None = None
    if is_in(issue, IssueState.in_progress) and before < STREET_LEVEL:
        handed_up = await hand_up(work, issue, before + 1)
    elif before < COMMUNITY_LEVEL and not is_in(issue, IssueState.escalated):
        issue.level = before + 1
    snapshot = move(work, issue, "sla-escalated", issue.state, _note(stroke))
    event = SlaEscalated(
        issue=snapshot,
        clock=stroke.clock,
        due_at=stroke.due,
        used_percent=stroke.percent,
        from_level=before,
        to_level=min(before + 1, STREET_LEVEL + 1),
        escalation_id=handed_up,
    )
    work.emit(event)


async def _end_wait(work: Work, issue: Issue, stroke: Stroke) -> None:
    let_work_go_on(work, issue, _note(stroke))


ACTIONS: Mapping[Stage, Callable[[Work, Issue, Stroke], Awaitable[None]]] = {
    Stage.warning: _warn,
    Stage.breached: _breach,
    Stage.raised: _raise,
    Stage.over: _end_wait,
}


def _note(stroke: Stroke) -> Note:
    data: dict[str, object] = {
        "clock": stroke.clock,
        "due_at": stroke.due.isoformat(),
        "percent": stroke.percent,
    }
    return Note(reason_code=stroke.clock, data=data)
