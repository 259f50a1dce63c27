"""Pure: what a street office may say about an escalation, when, and where that leaves it."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from shared.events.intake import EscalationState as State

# Phone, identity and bank card numbers: no text that leaves in an event may hold one (domain.md §10).
_NUMBER = re.compile(r"(?<!\d)\d{10,18}[\dXx]?(?!\d)")


def without_numbers(text: str) -> str:
    """The text with every long number made unreadable, whatever stands around it."""
    return _NUMBER.sub(lambda found: "*" * len(found[0]), text)


def _plain(text: str) -> str:
    if any(ord(character) < 32 and character not in "\t\n\r" for character in text):
        raise ValueError("no control characters")
    return text


Text = Annotated[str, Field(max_length=4000), AfterValidator(_plain), AfterValidator(without_numbers)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Number = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_plain)]


class Said(BaseModel):
    """What every answer names; fields that we do not know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    escalation_id: UUID
    issue_no: Number


class Acknowledgement(Said):
    """The office took it, under its own number."""

    street_no: Number | None = None
    at: AwareDatetime | None = None


class Return(Said):
    """The office hands it back: not_our_remit, incomplete, duplicate, solve_locally."""

    reason_code: Literal["not_our_remit", "incomplete", "duplicate", "solve_locally"]
    text: Text = ""
    by_leader: bool = False


class Progress(Said):
    """The office is working on it."""

    text: Text


class Reply(Said):
    """The office answers in substance."""

    outcome: Code
    text: Text
    needs_community_action: bool = False


class Ack(BaseModel):
    type: Literal["escalation.ack"]
    timestamp: AwareDatetime
    data: Acknowledgement


class GivenBack(BaseModel):
    type: Literal["escalation.return"]
    timestamp: AwareDatetime
    data: Return


class Working(BaseModel):
    type: Literal["escalation.progress"]
    timestamp: AwareDatetime
    data: Progress


class Answered(BaseModel):
    type: Literal["escalation.reply"]
    timestamp: AwareDatetime
    data: Reply


Call = Annotated[Ack | GivenBack | Working | Answered, Field(discriminator="type")]
CALLS: TypeAdapter[Ack | GivenBack | Working | Answered] = TypeAdapter(Call)


@dataclass(frozen=True, slots=True)
class Rule:
    """In which states something may be said, and the state that it leaves the escalation in."""

    of: frozenset[State]
    to: State


_OPEN = frozenset({State.sent, State.acknowledged, State.handling})
# Intake's own table says the same; who gets past this one and not past that is only late.
RULES = {
    "escalation.ack": Rule(frozenset({State.sent}), State.acknowledged),
    "escalation.return": Rule(frozenset({State.sent, State.acknowledged}), State.returned),
    "escalation.progress": Rule(_OPEN, State.handling),
    "escalation.reply": Rule(_OPEN, State.replied),
}


def allowed_in(state: State) -> tuple[str, ...]:
    """What a street office may say about an escalation in this state."""
    return tuple(type for type, rule in RULES.items() if state in rule.of)
