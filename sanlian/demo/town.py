"""The town that the stories happen in: one door for each of its people, units and offices."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from sanlian.demo.access import Secrets, Source, kept_secrets
from sanlian.demo.doors import PATIENCE_S, Door
from sanlian.demo.people import TOKEN_DAYS, Person, token_of
from sanlian.footings import State
from shared.settings import BadSettings


class Town:
    """Whom a story can let act. Everybody has their own credentials, and nobody another's."""

    def __init__(
        self, base_url: str, state: State, *, patience_s: float = PATIENCE_S, token_days: int = TOKEN_DAYS
    ) -> None:
        self.base_url, self._state = base_url, state
        self._patience_s, self._token_days = patience_s, token_days
        self._secrets: Secrets | None = None
        self._doors: dict[str, Door] = {}

    def person(self, person: Person) -> Door:
        return self._door(person.subject, lambda: token_of(self._state, person, self._token_days))

    def unit(self, code: str) -> Door:
        """A partner unit with its API key."""
        return self._door(code, lambda: self.secrets.partner_keys[code])

    def stranger(self) -> Door:
        """Somebody without any credentials."""
        return self._door("", lambda: None)

    def source(self, office: str) -> Source:
        """Where a street office answers, and with which secret."""
        return self.secrets.sources[office]

    @property
    def secrets(self) -> Secrets:
        if self._secrets is None:
            self._secrets = kept_secrets(self._state)
        if self._secrets is None:
            raise BadSettings("the demo is not loaded; load it with: sanlian demo load")
        return self._secrets

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for door in self._doors.values():
            door.close()

    def _door(self, name: str, credentials: Callable[[], str | None]) -> Door:
        if name not in self._doors:
            self._doors[name] = Door(self.base_url, credentials(), patience_s=self._patience_s)
        return self._doors[name]
