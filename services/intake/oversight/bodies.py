"""What clients send about readings, alarms and requests."""

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from services.intake.issues.bodies import Body
from services.intake.personal.bodies import Phone
from services.intake.words import Subject, Text


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
