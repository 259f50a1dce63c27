"""Pure: what a street office sends with each verb, as it must be written; unknown fields are ignored.

The names are those of the street's contract (domain.md §9); where ours differ, theirs is the alias.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

# Phone, identity and bank card numbers: no text that leaves in an event may hold one (domain.md §10).
_NUMBER = re.compile(r"(?<!\d)\d{10,18}[\dXx]?(?!\d)")
_OTHER_BLANKS = "\t\n\r"


def without_numbers(text: str) -> str:
    """The text with every long number made unreadable, whatever stands around it."""
    return _NUMBER.sub(lambda found: "*" * len(found[0]), text)


def _plain(text: str) -> str:
    if any(ord(character) < 32 and character not in _OTHER_BLANKS for character in text):
        raise ValueError("no control characters")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("say something")
    return text


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must lie within the years 1 to 9999, in UTC as well") from error


Text = Annotated[str, Field(max_length=4000), AfterValidator(_plain), AfterValidator(without_numbers)]
Words = Annotated[Text, AfterValidator(_said)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Number = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_plain)]
# The name of a department or an office, or its code.
Unit = Annotated[Number, AfterValidator(without_numbers), AfterValidator(_said)]
# Under such a number a matter is known where it came from; intake keeps it as it is.
StreetNo = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
TheirCode = Annotated[Number, AfterValidator(_said)]
OurCode = Annotated[str, Field(pattern=r"^([0-9]{4}|99)$")]
# To a fen, below a milliard: what does not fit is a slip of the pen.
Yuan = Annotated[str, Field(pattern=r"^(0|[1-9]\d{0,8})(\.\d{1,2})?$")]


class Said(BaseModel):
    """Any word of a street office."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OfEscalation(Said):
    """A word about an escalation, named by its id and by the number of its issue."""

    escalation_id: UUID
    issue_no: Number


class OfIssue(Said):
    """A word about an issue, named by its number."""

    issue_no: Number


class Acknowledgement(OfEscalation):
    """The office took it, under its own number."""

    street_no: Number | None = None
    at: Moment | None = None


class Return(OfEscalation):
    """The office hands it back: not_our_remit, incomplete, duplicate, solve_locally."""

    reason_code: Literal["not_our_remit", "incomplete", "duplicate", "solve_locally"]
    text: Text = ""
    by_leader: bool = False


class Department(OfEscalation):
    """The office gave it to a department, which is to be done by `due`."""

    unit: Unit
    due: Moment | None = None


class CheckIn(OfEscalation):
    """A unit that was called has come."""

    unit: Unit
    at: Moment | None = None


class Progress(OfEscalation):
    """The office is working on it."""

    text: Text


class Reply(OfEscalation):
    """The office answers in substance."""

    outcome_code: Code = Field(alias="outcome")
    text: Text
    needs_community_action: bool = False


class Goods(Said):
    """One kind of goods, counted in `measure`."""

    what: Annotated[Unit, Field(max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    measure: Annotated[Unit, Field(max_length=16)] = "piece"


class Relief(OfEscalation):
    """Relief was given: by whom, when, and what of it; `amount` is yuan, as text."""

    office: Unit = Field(alias="who")
    at: Moment = Field(alias="when")
    form: Literal["money", "goods", "referral"]
    goods: Annotated[tuple[Goods, ...], Field(max_length=50)] = ()
    amount: Yuan | None = None
    text: Text = ""

    @model_validator(mode="after")
    def _holds_what_it_says(self) -> Self:
        if bool(self.goods) != (self.form == "goods"):
            raise ValueError("goods go with form goods, and with no other")
        if (self.amount is not None) != (self.form == "money"):
            raise ValueError("an amount goes with form money, and with no other")
        return self


class Confirmation(OfEscalation):
    """The office knows that it is over."""

    at: Moment | None = None


class Supervision(OfIssue):
    """督办: from now on the office looks after it; `level` 1 is the mildest, 3 the strictest."""

    level: Annotated[int, Field(ge=1, le=3)]
    due: Moment
    text: Words


class Reminder(OfIssue):
    """催办: the office asks for haste."""

    text: Text = ""


class ExtensionDecision(OfIssue):
    """The office gives the time that was asked for, or less of it, or none."""

    granted: bool = Field(alias="ok")
    new_due: Moment | None = None
    text: Text = ""


class Evaluation(OfIssue):
    """How well it was dealt with, from 1 to 5."""

    score: Annotated[int, Field(ge=1, le=5)]
    text: Text = ""


class Dispatch(Said):
    """上级交办: a matter of the office's own; `category` is its code or ours, `reporter_ref` its own word."""

    street_no: StreetNo
    title: Annotated[Words, Field(max_length=200)] | None = None
    text: Words
    their_category: TheirCode = Field(alias="category")
    urgency: Literal["U0", "U1", "U2", "U3"] | None = None
    due: Moment
    reporter_ref: Number | None = None


class CategoryMap(Said):
    """Which of our codes a code of the office's stands for."""

    their_code: TheirCode
    ours: OurCode
