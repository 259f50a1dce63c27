"""The town that the stories happen in: one door for each of its people, units and offices."""

from sanlian.demo.access import Secrets, Source, kept_secrets
from sanlian.demo.doors import Door
from sanlian.demo.people import Person, token_of
from sanlian.footings import State
from shared.settings import BadSettings


class Town:
    """Whom a story can let act. Everybody has their own credentials, and nobody another's."""

    def __init__(self, base_url: str, state: State, *, secrets: Secrets | None = None) -> None:
        self.base_url, self._state, self._secrets = base_url, state, secrets
        self._doors: dict[str, Door] = {}

    def person(self, person: Person) -> Door:
        if person.subject not in self._doors:
            self._doors[person.subject] = Door(self.base_url, token_of(self._state, person))
        return self._doors[person.subject]

    def unit(self, code: str) -> Door:
        """A partner unit with its API key."""
        return Door(self.base_url, self.secrets.partner_keys[code])

    def source(self, office: str) -> Source:
        """Where a street office answers, and with which secret."""
        return self.secrets.sources[office]

    def stranger(self) -> Door:
        """Somebody without any credentials."""
        return Door(self.base_url, None)

    @property
    def secrets(self) -> Secrets:
        if self._secrets is None:
            self._secrets = kept_secrets(self._state)
        if self._secrets is None:
            raise BadSettings("the demo is not loaded; load it with: sanlian demo load")
        return self._secrets
