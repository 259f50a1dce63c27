"""What clients send about mediations."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.intake.issues.bodies import Body
from services.intake.words import Line, Moment, ReasonCode, Subject, Text
from shared.privacy import normalised_phone

# Ten million yuan: what is more than that is for a court.
MOST_FEN = 1_000_000_000
Fen = Annotated[int, Field(ge=1, le=MOST_FEN)]
PartyNo = Annotated[int, Field(ge=1, le=20)]


class PartyIn(Body):
    """Who is at odds; name and phone are encrypted, and leave only by a logged reading."""

    side: Literal["applicant", "respondent"]
    name: Line
    phone: Annotated[str, Field(max_length=30), AfterValidator(normalised_phone)] | None = None


class OpenIn(Body):
    """At least two parties, who were told their rights: it is voluntary, it is free, a court stays open."""

    parties: Annotated[tuple[PartyIn, ...], Field(min_length=2, max_length=20)]
    rights_told: Literal[True]
    mediator: Subject | None = None
    note: Text | None = None


class ConsentIn(Body):
    """Whether a party wants to be mediated."""

    party: PartyNo
    agrees: bool
    note: Text | None = None


class FactsIn(Body):
    """What is undisputed, and what is not."""

    facts: Text


class SessionIn(Body):
    """A meeting of the parties, when it has been held."""

    held_at: Moment
    note: Text | None = None


class ProlongIn(Body):
    """Longer than a month: only where all parties agree to it."""

    until: Moment
    all_agree: Literal[True]
    note: Text | None = None


class InstalmentIn(Body):
    """One duty: a sum in fen, or, without one, something that is done."""

    due_on: date
    amount_fen: Fen | None = None


class SignIn(Body):
    """The agreement: facts, duties, manner and place (`terms`), the dates, and who has signed it."""

    terms: Text
    instalments: Annotated[tuple[InstalmentIn, ...], Field(min_length=1, max_length=60)]
    signed_by: Annotated[tuple[PartyNo, ...], Field(min_length=2, max_length=20)]
    note: Text | None = None


class ConfirmIn(Body):
    """A court has confirmed the agreement on the parties' joint asking."""

    asked_on: date
    confirmed_on: date


class PerformIn(Body):
    """What was done of a duty: of a sum, as much as was paid."""

    instalment: Annotated[int, Field(ge=1, le=60)]
    on: date
    paid_fen: Fen | None = None
    note: Text | None = None


class FollowUpIn(Body):
    """Whether the peace holds."""

    holds: bool
    rights_told: bool = False
    note: Text | None = None


class EndIn(Body):
    """Why it came to nothing; the parties were told of court and arbitration, and offered 司法所."""

    reason_code: ReasonCode
    rights_told: Literal[True]
    note: Text | None = None
