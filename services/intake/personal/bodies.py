"""What clients send about personal data."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from services.intake.issues.bodies import Body, WhyIn
from services.intake.words import Line, ReasonCode, Subject
from shared.privacy import normalised_phone

Phone = Annotated[str, Field(max_length=30), AfterValidator(normalised_phone)]


class PersonIn(WhyIn):
    """Somebody by a phone number or by an account, and why."""

    phone: Phone | None = None
    subject: Subject | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.phone is None) == (self.subject is None):
            raise ValueError("give a phone number or a subject")
        return self


class PortraitIn(Body):
    """The consent of whoever can be recognised on a file."""

    consent_id: UUID


class CorrectionIn(PersonIn):
    """How somebody is really called, or reached: what is left out stays."""

    right_name: Line | None = None
    right_phone: Phone | None = None

    @model_validator(mode="after")
    def _corrects_something(self) -> Self:
        if self.right_name is None and self.right_phone is None:
            raise ValueError("give the right name or the right phone number")
        return self


class AgreedIn(Body):
    """A yes to one purpose; `guardian` speaks for somebody under 14. Oral: it was read back and agreed to."""

    purpose: ReasonCode
    channel: Literal["paper", "web", "phone", "in_person"]
    language: Literal["zh", "en"] = "zh"
    oral: bool = False
    name: Line | None = None
    guardian: Line | None = None
