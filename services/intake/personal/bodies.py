"""What clients send about personal data."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from services.intake.issues.bodies import Body, WhyIn
from services.intake.words import Line, ReasonCode, Subject, Text
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


class Verdict(StrEnum):
    """What the second look at a reading found; `passed_on` is a matter for who watches over the community."""

    fine = "fine"
    unfounded = "unfounded"
    passed_on = "passed_on"


class VerdictIn(Body):
    """What a reading was, and why one thinks so."""

    verdict: Verdict
    note: Text


class AlarmAnswerIn(Body):
    """What lay behind an alarm."""

    note: Text


class RequestKind(StrEnum):
    """What people may ask of their data (PIPL, articles 45 to 47)."""

    see = "see"
    correct = "correct"
    erase = "erase"


class RequestIn(Body):
    """What somebody asks. An account asks for itself; the office says for whom, by phone or account."""

    kind: RequestKind
    words: Text | None = None
    phone: Phone | None = None
    subject: Subject | None = None


class Outcome(StrEnum):
    """How a request was answered."""

    done = "done"
    partly = "partly"
    refused = "refused"


class RequestAnswerIn(Body):
    """The answer; whoever does not get all that they asked for is told why (PIPL, article 50)."""

    outcome: Outcome
    text: Text | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.outcome is not Outcome.done and self.text is None:
            raise ValueError("say why it was not done, or not all of it")
        return self


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
