"""Pure: the states of a visit (domain.md §2.5), and when households are to be seen."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import IllegalTransition
from shared.events.grid import Colour


class VisitState(StrEnum):
    """Where a visit stands; `attempted` is domain.md's not_at_home, which is tried again."""

    planned = "planned"
    due = "due"
    attempted = "attempted"
    done = "done"
    missed = "missed"
    refused = "refused"
    cancelled = "cancelled"


OPEN = (VisitState.planned, VisitState.due, VisitState.attempted)

# Command by command: the states it is possible in, and the state it leads to.
TRANSITIONS: dict[str, tuple[frozenset[VisitState], VisitState]] = {
    "fall-due": (frozenset({VisitState.planned}), VisitState.due),
    "miss": (frozenset({VisitState.due, VisitState.attempted}), VisitState.missed),
    "done": (frozenset({*OPEN, VisitState.missed}), VisitState.done),
    "not-at-home": (frozenset({VisitState.planned, VisitState.due}), VisitState.attempted),
    "refuse": (frozenset(OPEN), VisitState.refused),
    "cancel": (frozenset(OPEN), VisitState.cancelled),
}
# These two happen by the clock and are nobody's command.
BY_THE_CLOCK = frozenset({"fall-due", "miss"})


class ByColour(BaseModel):
    """Days for each colour; `ordinary` is a blue household without any points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    red: int = Field(ge=1)
    yellow: int = Field(ge=1)
    blue: int = Field(ge=1)
    ordinary: int = Field(ge=1)

    def span(self, colour: Colour, score: int) -> timedelta:
        """The days for a household of this colour and score."""
        if colour is Colour.blue and score == 0:
            return timedelta(days=self.ordinary)
        days = {Colour.red: self.red, Colour.yellow: self.yellow, Colour.blue: self.blue}
        return timedelta(days=days[colour])


class VisitRules(BaseModel):
    """Cadence and grace, from `rules/visits.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interval_days: ByColour
    grace_days: ByColour
    event_hours: int = Field(ge=1)
    retry_hours: int = Field(ge=1)

    def event_due(self, at: datetime) -> datetime:
        """When a visit after a sudden event at that moment is due."""
        return at + timedelta(hours=self.event_hours)

    def missed_before(self, now: datetime) -> dict[Colour, datetime]:
        """For each colour, the moment before which an open visit must have been due to be missed by now."""
        return {colour: now - self.grace_days.span(colour, 1) for colour in Colour}


def phone_counts(colour: Colour, previous_contact: str | None) -> bool:
    """Whether a call may stand for a visit: never for red, for the others every second time at most."""
    return colour is not Colour.red and previous_contact != "phone"


def next_state(state: VisitState, command: str) -> VisitState:
    """The state after the command. Raises `IllegalTransition`, which names what is possible instead."""
    possible, after = TRANSITIONS[command]
    if state not in possible:
        allowed = [
            name for name, (states, _) in TRANSITIONS.items() if state in states and name not in BY_THE_CLOCK
        ]
        raise IllegalTransition(f"a visit that is {state} cannot be: {command}", allowed=allowed)
    return after
