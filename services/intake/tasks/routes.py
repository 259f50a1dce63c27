"""Tasks over HTTP: /intake/v1/tasks. They begin at an issue, with `split`."""

from datetime import datetime
from typing import Annotated, Self, cast
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from pydantic import BaseModel, ConfigDict

from services.intake.cursors import id_of
from services.intake.issues.bodies import NoteIn, ReasonIn
from services.intake.issues.command_routes import allowed_to, answered
from services.intake.issues.rules import STAFF
from services.intake.issues.views import IssueOut
from services.intake.tasks import commands
from services.intake.tasks.bodies import DoneIn, GiveIn, SplitIn
from services.intake.tasks.models import Task
from services.intake.tasks.rules import MOVES, allowed
from shared.auth import Caller
from shared.events.intake import Handler, TaskState
from shared.web import Paging, RequestWork, Scope, WorkRoute, allow, page_of, versioned

of_issue = APIRouter(prefix="/issues/{issue_id}", tags=["tasks"], route_class=WorkRoute)
router = APIRouter(prefix="/tasks", tags=["tasks"], route_class=WorkRoute)
Staff = Annotated[Caller, allow(*STAFF, area=Scope.record)]


class TaskOut(BaseModel):
    """One part of an issue. `commands` are those that its state allows, whoever may give them."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    issue_id: UUID
    issue_no: str
    no: int
    handler: Handler
    title: str
    state: TaskState
    due_at: datetime | None
    given_at: datetime
    started_at: datetime | None
    done_at: datetime | None
    ended_at: datetime | None
    evidence: list[UUID]
    commands: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task) -> Self:
        """What staff may see of it."""
        return cls.model_validate(task).model_copy(update={"commands": allowed(task.state)})


def may(command: str) -> Depends:
    """The roles of the table of tasks."""
    return cast(Depends, allow(*sorted(MOVES[command].roles), area=Scope.record))


def shown(task: Task, response: Response) -> TaskOut:
    """The task as it stands, under its version."""
    versioned(response, task.version)
    return TaskOut.of(task)


@of_issue.post("/split", summary="Give parts of the work to several units")
async def split(
    issue_id: UUID, body: SplitIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, allowed_to("split")],
) -> IssueOut:  # fmt: skip
    return answered(await commands.split_issue(work, issue_id, body), caller, response)


@of_issue.get("/tasks", summary="The parts of an issue")
async def list_of_issue(issue_id: UUID, work: RequestWork, caller: Staff) -> list[TaskOut]:
    return [TaskOut.of(task) for task in await commands.list_tasks(work, issue_id)]


@router.get("", summary="Your own tasks, the newest first")
async def list_mine(
    request: Request, response: Response, work: RequestWork, page: Paging,
    caller: Annotated[Caller, allow(*STAFF, area=Scope.list)],
) -> list[TaskOut]:  # fmt: skip
    found = await commands.my_tasks(work, id_of(page.after), page.limit + 1)
    return [TaskOut.of(one) for one in page_of(request, response, found, page, lambda one: (str(one.id),))]


@router.post("/{task_id}/start", summary="Take it in hand (who was given it)")
async def start(
    task_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("start")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.start_task(work, task_id, body), response)


@router.post("/{task_id}/decline", summary="Give it back with a reason (who was given it)")
async def decline(
    task_id: UUID, body: ReasonIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("decline")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.decline_task(work, task_id, body), response)


@router.post("/{task_id}/finish", summary="Say that it is done, with evidence (who was given it)")
async def finish(
    task_id: UUID, body: DoneIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("finish")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.finish_task(work, task_id, body), response)


@router.post("/{task_id}/give", summary="Give it to somebody else")
async def give(
    task_id: UUID, body: GiveIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("give")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.give_task(work, task_id, body), response)


@router.post("/{task_id}/rework", summary="Find it not done (a second person)")
async def rework(
    task_id: UUID, body: ReasonIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("rework")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.rework_task(work, task_id, body), response)


@router.post("/{task_id}/accept", summary="Find it done (a second person)")
async def accept(
    task_id: UUID, body: NoteIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("accept")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.accept_task(work, task_id, body), response)


@router.post("/{task_id}/cancel", summary="Say that it is not needed any more")
async def cancel(
    task_id: UUID, body: ReasonIn, work: RequestWork, response: Response,
    caller: Annotated[Caller, may("cancel")],
) -> TaskOut:  # fmt: skip
    return shown(await commands.cancel_task(work, task_id, body), response)
