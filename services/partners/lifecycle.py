"""A state machine as a table: state → command → next state."""

from collections.abc import Mapping

from shared.errors import IllegalTransition

Transitions = Mapping[str, Mapping[str, str]]


class Lifecycle:
    """The states of one kind of record. `inner` commands are the service's own and are shown to nobody."""

    def __init__(self, word: str, transitions: Transitions, *, inner: frozenset[str] = frozenset()) -> None:
        self.word, self.transitions, self.inner = word, transitions, inner

    @property
    def commands(self) -> frozenset[str]:
        """Every command that some state knows."""
        return frozenset(command for row in self.transitions.values() for command in row)

    def step(self, state: str, command: str) -> str:
        """The state after the command. Raises `IllegalTransition` with the commands that are possible."""
        after = self.transitions[state].get(command)
        if after is None:
            allowed = self.allowed(state)
            possible = ", ".join(allowed) or "nothing"
            raise IllegalTransition(
                f"{command} is not possible while the {self.word} is {state}; possible: {possible}",
                allowed=allowed,
            )
        return after

    def allowed(self, state: str) -> tuple[str, ...]:
        """The commands that somebody may give in this state, in alphabetical order."""
        return tuple(sorted(self.transitions[state].keys() - self.inner))

    def leading(self, command: str) -> tuple[str, ...]:
        """The states in which the command is possible."""
        return tuple(state for state, row in self.transitions.items() if command in row)
