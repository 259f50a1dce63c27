"""The state table of an escalation (domain.md §2.2), and who may ask which level."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.auth import Role
from shared.errors import IllegalTransition
from shared.events.intake import EscalationState as S
from shared.events.intake import EscalationType

STREET_LEVEL = 3
# Only a hand-over takes the issue along; the others are asked while the community works on.
HANDS_OVER = frozenset({EscalationType.handover})
# An information copy and a request for relief do not mean that a level took the issue.
TAKES_PART = frozenset({EscalationType.handover, EscalationType.whistle})
# Who speaks for a level that was asked; the street may also answer through its webhooks.
SPEAKERS: Mapping[int, frozenset[Role]] = {
    1: frozenset({Role.GRID_LEADER}),
    2: frozenset({Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY}),
    3: frozenset({Role.STREET_OFFICER}),
    4: frozenset({Role.STREET_OFFICER}),
}
OPEN = frozenset({S.requested, S.sent, S.acknowledged, S.handling, S.expired})


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table."""

    sources: frozenset[S]
    target: S


def _line(sources: str, target: S) -> Move:
    return Move(frozenset(S(name) for name in sources.split()), target)


# `approved` is passed through: what is approved is sent in the same step.
MOVES: Mapping[str, Move] = {
    "approve": _line("requested", S.sent),
    "refuse": _line("requested", S.refused),
    "recall": _line("requested sent acknowledged handling expired", S.recalled),
    "close": _line("acknowledged handling expired replied", S.closed),
    "acknowledge": _line("sent expired", S.acknowledged),
    "progress": _line("sent acknowledged handling expired", S.handling),
    "return": _line("sent acknowledged", S.returned),
    "reply": _line("sent acknowledged handling expired", S.replied),
}
# What nobody does but the clock; the level that was asked may take it even then.
BY_CLOCK: Mapping[str, Move] = {"expire": _line("sent", S.expired)}
# What the street says through its webhooks alone: it knows that it is over.
BY_STREET: Mapping[str, Move] = {
    "confirm-recall": _line("recalled", S.closed),
    "confirm-close": _line("replied returned", S.closed),
}
_ALL = {**MOVES, **BY_CLOCK, **BY_STREET}


def move_of(name: str) -> Move:
    """The line of that name."""
    return _ALL[name]


def allowed(state: str) -> tuple[str, ...]:
    """The moves that are legal in a state, in the order of the table."""
    return tuple(name for name, move in MOVES.items() if state in move.sources)


def hold_to_table(state: str, name: str) -> None:
    """Raise `IllegalTransition`, naming what is possible, where the state does not allow the move."""
    if state not in move_of(name).sources:
        raise IllegalTransition(
            f"{name} is not possible while the escalation is {state}", allowed=allowed(state)
        )


def needs_approval(to_level: int, roles: frozenset[Role]) -> bool:
    """Within the community nobody has to be asked; the street is asked by the secretary's word."""
    return to_level >= STREET_LEVEL and Role.COMMUNITY_SECRETARY not in roles
