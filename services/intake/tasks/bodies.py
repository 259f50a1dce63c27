"""What clients send about tasks."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.intake.issues.bodies import Body
from services.intake.words import AreaCode, Moment, Subject, Text, Title


class PartIn(Body):
    """One part of the work: what is to be done, by whom, and until when at the latest."""

    unit: AreaCode
    person: Subject
    title: Title
    due_at: Moment | None = None


class SplitIn(Body):
    """The parts that are given to several units at once."""

    parts: Annotated[tuple[PartIn, ...], Field(min_length=1, max_length=20)]
    note: Text | None = None


class GiveIn(Body):
    """Who does it now."""

    unit: AreaCode
    person: Subject
    note: Text | None = None


class DoneIn(Body):
    """What shows that it was done: evidence of the issue, added by staff."""

    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    note: Text | None = None
