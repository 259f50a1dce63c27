"""Pure: which compound an address written by people means."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Compound:
    """A residence compound or courtyard: the grid that it belongs to, its names, and a point of it."""

    code: str
    area_code: str
    names: tuple[str, ...]
    longitude: float
    latitude: float


def normalise(text: str) -> str:
    """One spelling for what reads alike: NFKC (full-width letters become plain), no spaces, no case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


class Gazetteer:
    """Finds the longest name or alias of a compound that an address holds.

    The time for it grows with the length of the address and not with the number of compounds.
    """

    def __init__(self, compounds: Iterable[Compound]) -> None:
        self._by_code = {compound.code: compound for compound in compounds}
        self._by_name: dict[str, list[Compound]] = {}
        for _, compound in sorted(self._by_code.items()):
            for name in {normalise(name) for name in compound.names}:
                if len(name) >= _SHORTEST_NAME:
                    self._by_name.setdefault(name, []).append(compound)
        self._lengths = sorted({len(name) for name in self._by_name}, reverse=True)

    def get(self, code: str) -> Compound | None:
        """The compound with this code."""
        return self._by_code.get(code)

    def find(self, address: str, *, within: str = "") -> Compound | None:
        """The compound in the area `within` whose name the address holds.

        The longest name wins; of names equally long the one further left, then the lowest code.
        """
        text = normalise(address)
        for length in self._lengths:
            for start in range(len(text) - length + 1):
                for compound in self._by_name.get(text[start : start + length], ()):
                    if compound.area_code.startswith(within):
                        return compound
        return None
