"""Splitting an issue among several units: give, start, decline, finish, accept, send back, cancel."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from services.intake.evidence.models import Evidence
from services.intake.issues.bodies import NoteIn, ReasonIn
from services.intake.issues.complaints import keep_away
from services.intake.issues.models import Issue, belonging
from services.intake.issues.record import Note, jot, move, read_issue, taken
from services.intake.issues.verification import FourEyes
from services.intake.tasks.bodies import DoneIn, GiveIn, PartIn, SplitIn
from services.intake.tasks.models import Task
from services.intake.tasks.steps import admit_doers, move_task, snapshot_of, taken_task, tasks_of
from shared.errors import FieldError, Invalid, Refused
from shared.events.intake import (
    IssueSplit,
    TaskDeclined,
    TaskDone,
    TaskEnded,
    TaskGiven,
    TaskStarted,
    TaskState,
)
from shared.service import Work

MOST_TASKS = 50


class TooManyTasks(Refused):
    """An issue has as many parts as it may."""

    type, title = "too-many-tasks", "The issue cannot be split further"


async def split_issue(work: Work, issue_id: UUID, body: SplitIn) -> Issue:
    """Give parts of the work to other units; the issue stays with its handler, and waits for each part.

    Raises `TooManyTasks`, and `Invalid` for a part that would end after the issue.
    """
    issue = await taken(work, issue_id, "split")
    highest = await work.session.scalar(select(func.max(Task.no)).where(Task.issue_id == issue.id)) or 0
    if highest + len(body.parts) > MOST_TASKS:
        raise TooManyTasks(f"an issue has {MOST_TASKS} parts at most")
    known = await tasks_of(work, issue.id)
    new = [_task(work, issue, part, highest + 1 + i) for i, part in enumerate(body.parts)]
    work.session.add_all(new)
    admit_doers(issue, [*known, *new])
    note = Note(text=body.note, data={"tasks": [task.no for task in new]})
    work.emit(IssueSplit(issue=move(work, issue, "split", issue.state, note), parts=len(new)))
    for task in new:
        jot(work, issue, "task-give", Note(data={"task": task.no, "person": task.person, "to": task.state}))
        work.emit(TaskGiven(task=snapshot_of(task)))
    return issue


def _task(work: Work, issue: Issue, part: PartIn, no: int) -> Task:
    keep_away(issue, part.person)
    return Task(
        id=uuid7(),
        version=1,
        **belonging(issue),
        no=no,
        unit=part.unit,
        person=part.person,
        title=part.title,
        state=TaskState.given,
        due_at=_due(work, issue, part.due_at, no),
        given_by=work.actor().subject,
        given_at=work.now,
        workers=[],
        evidence=[],
    )


def _due(work: Work, issue: Issue, wanted: datetime | None, no: int) -> datetime | None:
    latest = issue.due_resolve
    if wanted is None:
        return latest
    if wanted <= work.now or (latest is not None and wanted > latest):
        message = "must lie in the future, and not after the issue itself is due"
        field = f"parts.{no}.due_at"
        raise Invalid(f"{field} {message}", fields=[FieldError(field, message)])
    return wanted


async def start_task(work: Work, task_id: UUID, body: NoteIn) -> Task:
    """Take it in hand."""
    task, issue = await taken_task(work, task_id, "start")
    task.started_at = work.now
    task.workers = sorted({*task.workers, task.person})
    work.emit(TaskStarted(task=move_task(work, task, issue, "start", Note(text=body.note))))
    return task


async def decline_task(work: Work, task_id: UUID, body: ReasonIn) -> Task:
    """Give it back; it stays open until somebody else has it, or it is cancelled."""
    task, issue = await taken_task(work, task_id, "decline")
    snapshot = move_task(work, task, issue, "decline", Note(reason_code=body.reason_code, text=body.note))
    work.emit(TaskDeclined(task=snapshot, reason_code=body.reason_code))
    admit_doers(issue, await tasks_of(work, issue.id))
    return task


async def finish_task(work: Work, task_id: UUID, body: DoneIn) -> Task:
    """Say that it is done, and show it. Raises `Invalid` for evidence that staff did not add to the issue."""
    task, issue = await taken_task(work, task_id, "finish")
    query = select(Evidence.id).where(Evidence.issue_id == issue.id, Evidence.by_staff)
    known = set(await work.session.scalars(query.where(Evidence.id.in_(body.evidence))))
    strange = [one for one in body.evidence if one not in known]
    if strange:
        message = f"{strange[0]} is no evidence that staff added to this issue"
        raise Invalid(message, fields=[FieldError("evidence", message)])
    task.done_at, task.evidence = work.now, [str(one) for one in body.evidence]
    snapshot = move_task(work, task, issue, "finish", Note(text=body.note, evidence=body.evidence))
    work.emit(TaskDone(task=snapshot, evidence_count=len(body.evidence)))
    return task


async def give_task(work: Work, task_id: UUID, body: GiveIn) -> Task:
    """Give it to somebody else."""
    task, issue = await taken_task(work, task_id, "give")
    keep_away(issue, body.person)
    task.unit, task.person = body.unit, body.person
    task.given_by, task.given_at = work.actor().subject, work.now
    note = Note(text=body.note, data={"person": body.person})
    work.emit(TaskGiven(task=move_task(work, task, issue, "give", note), again=True))
    admit_doers(issue, await tasks_of(work, issue.id))
    return task


async def rework_task(work: Work, task_id: UUID, body: ReasonIn) -> Task:
    """Find it not done, and send it back. Raises `FourEyes`."""
    task, issue = await taken_task(work, task_id, "rework")
    _second_person(work, task)
    task.done_at, task.evidence = None, []
    snapshot = move_task(work, task, issue, "rework", Note(reason_code=body.reason_code, text=body.note))
    work.emit(TaskGiven(task=snapshot, again=True))
    return task


async def accept_task(work: Work, task_id: UUID, body: NoteIn) -> Task:
    """Find it done. Raises `FourEyes`."""
    task, issue = await taken_task(work, task_id, "accept")
    _second_person(work, task)
    task.ended_at = work.now
    work.emit(TaskEnded(task=move_task(work, task, issue, "accept", Note(text=body.note))))
    return task


async def cancel_task(work: Work, task_id: UUID, body: ReasonIn) -> Task:
    """Say that it is not needed any more."""
    task, issue = await taken_task(work, task_id, "cancel")
    task.ended_at = work.now
    snapshot = move_task(work, task, issue, "cancel", Note(reason_code=body.reason_code, text=body.note))
    work.emit(TaskEnded(task=snapshot))
    admit_doers(issue, await tasks_of(work, issue.id))
    return task


async def list_tasks(work: Work, issue_id: UUID) -> Sequence[Task]:
    """The tasks of an issue, in their order. Raises `Absent`, `Forbidden`."""
    await read_issue(work, issue_id)
    return await tasks_of(work, issue_id)


async def my_tasks(work: Work, after: UUID | None, limit: int) -> Sequence[Task]:
    """The newest tasks of the caller, `limit` of them, from before `after` on."""
    work.areas()
    query = select(Task).where(Task.person == work.actor().subject)
    if after is not None:
        query = query.where(Task.id < after)
    return (await work.session.scalars(query.order_by(Task.id.desc()).limit(limit))).all()


def _second_person(work: Work, task: Task) -> None:
    if work.actor().subject in {task.person, *task.workers}:
        raise FourEyes("you did the work; a second person has to look at it")
