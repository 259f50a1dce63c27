"""What clients send about personal data."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from services.intake.issues.bodies import Body, WhyIn
from services.intake.words import Line, ReasonCode, Subject
from shared.privacy import normalised_phone


class PersonIn(WhyIn):
    """Somebody by a phone number or by an account, and why."""

    phone: Annotated[str, Field(max_length=30)] | None = None
    subject: Subject | None = None

    @field_validator("phone")
    @classmethod
    def _spelt_alike(cls, phone: str | None) -> str | None:
        return None if phone is None else normalised_phone(phone)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.phone is None) == (self.subject is None):
            raise ValueError("give a phone number or a subject")
        return self


class AgreedIn(Body):
    """A yes to one purpose; `guardian` speaks for somebody under 14. Oral: it was read back and agreed to."""

    purpose: ReasonCode
    channel: Literal["paper", "web", "phone", "in_person"]
    language: Literal["zh", "en"] = "zh"
    oral: bool = False
    name: Line | None = None
    guardian: Line | None = None
