"""Which messages an endpoint asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

PATTERN = re.compile(r"^(?:\*|[a-z]+\.(?:\*|[a-z]+(?:_[a-z]+)*))$")


@dataclass(frozen=True, slots=True)
class About:
    """What a filter looks at in a message; `target` is the office that it is addressed to, if any."""

    type: str
    area_code: str
    category: str | None
    urgency: str | None
    target: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns of types (`issue.*`, `*`), an area and what lies in it, and three lists that may be empty.

    An empty list asks for all. `categories` are codes that stand for everything beneath them.
    """

    events: tuple[str, ...]
    area_code: str
    categories: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()

    def takes(self, about: About) -> bool:
        """Whether the endpoint wants this message."""
        return (
            about.area_code.startswith(self.area_code)
            and matches(self.events, about.type)
            and (not self.categories or (about.category or "").startswith(self.categories))
            and (not self.urgencies or about.urgency in self.urgencies)
            and (not self.offices or about.target in self.offices)
        )


@lru_cache(maxsize=4096)
def matches(patterns: Sequence[str], type: str) -> bool:
    """Whether a type fits one of the patterns."""
    family = type.partition(".")[0] + ".*"
    return any(pattern in {"*", type, family} for pattern in patterns)
