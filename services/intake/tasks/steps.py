"""How a task is changed: found with its issue, held to its table, written down on the issue's timeline."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.intake.issues.complaints import hold_off
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked
from services.intake.issues.rules import OPEN
from services.intake.tasks.models import Task
from services.intake.tasks.rules import MOVES, OPEN_TASKS, By, allowed
from shared.errors import Absent, Forbidden, IllegalTransition
from shared.events.intake import TaskEnded, TaskSnapshot, TaskState
from shared.service import Work

# Who has one of these does not work on the issue.
_NOT_AT_WORK = frozenset({TaskState.declined, TaskState.cancelled})


def snapshot_of(task: Task) -> TaskSnapshot:
    """What the others may know of it as it stands."""
    return TaskSnapshot.model_validate(task, from_attributes=True)


async def tasks_of(work: Work, issue_id: UUID) -> Sequence[Task]:
    """All tasks of an issue, in their order."""
    return (await work.session.scalars(select(Task).where(Task.issue_id == issue_id).order_by(Task.no))).all()


async def taken_task(work: Work, task_id: UUID, name: str) -> tuple[Task, Issue]:
    """The task and its issue, locked, for a command that the caller may give and that its state allows.

    Raises `Absent`, `Forbidden` (area, doer), `Stale`, `IllegalTransition`.
    """
    issue_id = await work.session.scalar(select(Task.issue_id).where(Task.id == task_id))
    if issue_id is None:
        raise Absent("there is no such task")
    issue = await locked(work, issue_id)
    task = await work.session.get_one(Task, task_id, with_for_update=True)
    _permit(work, task, issue, MOVES[name].by)
    work.expect(task.version)
    if issue.state not in OPEN:
        raise IllegalTransition(f"{issue.no} is {issue.state}", allowed=())
    if task.state not in MOVES[name].sources:
        detail = f"{name} is not possible while the task is {task.state}"
        raise IllegalTransition(detail, allowed=allowed(task.state))
    return task, issue


def _permit(work: Work, task: Task, issue: Issue, by: By) -> None:
    hold_off(work, issue)
    if by is By.AREA:
        work.permit(issue.area_code)
    elif work.actor().subject == task.person:
        work.permit_own(task.person)
    else:
        work.permit(issue.area_code)
        raise Forbidden("only who was given the task may do this")


def move_task(work: Work, task: Task, issue: Issue, name: str, note: Note) -> TaskSnapshot:
    """Take one step of the table, and note it on the issue's timeline."""
    before, task.state = task.state, MOVES[name].target
    task.version += 1
    data: dict[str, object] = {**note.data, "task": task.no, "from": before, "to": task.state}
    told = Note(reason_code=note.reason_code, text=note.text, evidence=note.evidence, data=data)
    jot(work, issue, f"task-{name}", told)
    return snapshot_of(task)


def admit_doers(issue: Issue, tasks: Sequence[Task]) -> None:
    """Let those who do a part read the whole; who does it no more, no longer."""
    issue.task_people = sorted({task.person for task in tasks if task.state not in _NOT_AT_WORK})


async def cancel_tasks(work: Work, issue: Issue, reason_code: str) -> None:
    """Cancel every open task of an issue that came to its end. The issue is locked already."""
    tasks = await tasks_of(work, issue.id)
    for task in tasks:
        if task.state in OPEN_TASKS:
            task.ended_at = work.now
            snapshot = move_task(work, task, issue, "cancel", Note(reason_code=reason_code))
            work.emit(TaskEnded(task=snapshot))
    admit_doers(issue, tasks)
