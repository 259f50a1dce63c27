"""What clerks send about suggestions."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.intake.issues.bodies import Body, CategoryCode, LocationIn
from services.intake.words import Text, Title


class DraftIn(Body):
    """A matter as far as it is written, before it is reported."""

    title: Title
    text: Text | None = None
    location: LocationIn = LocationIn()
    category: CategoryCode | None = None


class AnswerIn(Body):
    """Yes or no to one suggestion. A yes sorts the issue, or merges it into the other one."""

    kind: Literal["category", "duplicate"]
    taken: bool
    category: CategoryCode | None = None
    duplicate_id: UUID | None = None
    note: Annotated[Text | None, Field(description="Needed where an accepted issue is sorted anew")] = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.kind == "category") != (self.category is not None):
            raise ValueError("category goes with the kind category, and only with it")
        if (self.kind == "duplicate") != (self.duplicate_id is not None):
            raise ValueError("duplicate_id goes with the kind duplicate, and only with it")
        return self
