"""The parts of an issue that are given to several units."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.base import Event, Snapshot
from shared.events.intake.issues import Handler


class TaskState(StrEnum):
    """`declined` and `done` wait for the leader: to give it to another, and to look at it."""

    given = "given"
    declined = "declined"
    in_hand = "in_hand"
    done = "done"
    accepted = "accepted"
    cancelled = "cancelled"


class TaskSnapshot(Snapshot):
    """One part of the work on an issue; `no` counts within the issue."""

    issue_id: UUID
    issue_no: str
    community_code: str
    street_code: str
    area_code: str
    no: int
    state: TaskState
    handler: Handler
    due_at: datetime | None


class TaskEvent(Event, about="task"):
    """Any fact about a part of an issue."""

    task: TaskSnapshot


class TaskGiven(TaskEvent, type="intake.task.given.v1"):
    """A unit is to do a part: for the first time, in place of another, or once more (`again`)."""

    again: bool = False


class TaskDeclined(TaskEvent, type="intake.task.declined.v1"):
    """The unit gives the part back; somebody else has to do it, or nobody."""

    reason_code: str


class TaskStarted(TaskEvent, type="intake.task.started.v1"):
    """The unit took its part in hand."""


class TaskDone(TaskEvent, type="intake.task.done.v1"):
    """The unit says that its part is done."""

    evidence_count: int


class TaskEnded(TaskEvent, type="intake.task.ended.v1"):
    """The part was found done, or is not needed any more: the state says which."""
