"""The state table of a task: a part of an issue that one unit does. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.intake.issues.rules import LEADERS, STAFF
from shared.auth import Role
from shared.events.intake import TaskState as S


class By(StrEnum):
    """Whose command it is: of who does the task, or of who leads the issue."""

    DOER = "doer"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table."""

    sources: frozenset[S]
    target: S
    roles: frozenset[Role]
    by: By


def _line(sources: str, target: S, by: By) -> Move:
    roles = STAFF if by is By.DOER else LEADERS
    return Move(frozenset(S(name) for name in sources.split()), target, roles, by)


MOVES: Mapping[str, Move] = {
    "start": _line("given", S.in_hand, By.DOER),
    "decline": _line("given", S.declined, By.DOER),
    "finish": _line("in_hand", S.done, By.DOER),
    "give": _line("given declined in_hand", S.given, By.AREA),
    "rework": _line("done", S.in_hand, By.AREA),
    "accept": _line("done", S.accepted, By.AREA),
    "cancel": _line("given declined in_hand done", S.cancelled, By.AREA),
}
OPEN_TASKS = frozenset({S.given, S.declined, S.in_hand, S.done})


def allowed(state: str) -> tuple[str, ...]:
    """The moves that are legal in a state, in the order of the table."""
    return tuple(name for name, move in MOVES.items() if state in move.sources)
