"""Chinese texts laid side by side: character runs of one to three, without a dictionary of words. Pure.

Words of one meaning are made one first, and what never counts parts the text: no run reaches across it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.suggestions.rules import TextRules

LONGEST = 3
_SHOWN, _LOOKED_AT = 6, 40
_GAP = " "
_UNWRITTEN = re.compile(r"[^0-9a-z\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Written:
    """A text made ready: the weight of each run of characters, their sum, and the catalogue's terms."""

    grams: Mapping[str, float]
    whole: float
    topics: frozenset[str]


class Reader:
    """Reads texts by the rules; `terms` are those of the catalogue, whose runs weigh more."""

    def __init__(self, rules: TextRules, terms: Iterable[str]) -> None:
        self._rules = rules
        meanings = {word: group[0] for group in rules.synonyms for word in group}
        self._meanings = {**{word: _GAP for line in rules.ignored for word in line}, **meanings}
        # The longest word first: of 楼道灯 the end is not a 灯 of its own.
        words = sorted(self._meanings, key=len, reverse=True)
        self._words = re.compile("|".join(map(re.escape, words)) or r"(?!)")
        self._terms = {piece for term in terms for piece in self._pieces(term) if len(piece) > 1}
        self._telling = {gram for term in self._terms for gram in runs(term)}

    def read(self, text: str) -> Written:
        """Make a text ready; beyond its bound it is not read."""
        pieces = self._pieces(text[: self._rules.most_characters])
        counted = Counter(gram for piece in pieces for gram in runs(piece))
        grams = {gram: self._weight(gram) * count for gram, count in counted.items()}
        plain = _GAP.join(pieces)
        said = [term for term in self._terms if term in plain]
        return Written(grams, sum(grams.values()), frozenset(without_parts(said)))

    def compare(self, one: Written, other: Written) -> float:
        """How much of what they hold two texts share, from 0 to 1: between Dice's measure and containment."""
        shared = one.grams.keys() & other.grams.keys()
        both = sum(min(one.grams[gram], other.grams[gram]) for gram in shared)
        if not both:
            return 0.0
        dice, contained = 2 * both / (one.whole + other.whole), both / min(one.whole, other.whole)
        share = self._rules.containment
        return min(1.0, (1 - share) * dice + share * contained)

    def _weight(self, gram: str) -> float:
        factor = self._rules.term_factor if gram in self._telling else 1.0
        return self._rules.gram_weights.get(len(gram), 0.0) * factor

    def _pieces(self, text: str) -> tuple[str, ...]:
        plain = _UNWRITTEN.sub(_GAP, unicodedata.normalize("NFKC", text).lower())
        meant = self._words.sub(lambda found: self._meanings[found[0]], plain)
        return tuple(meant.split())


def runs(piece: str) -> Iterator[str]:
    """Every run of one to three characters."""
    for length in range(1, LONGEST + 1):
        for at in range(len(piece) - length + 1):
            yield piece[at : at + length]


def shared_runs(one: Written, other: Written) -> tuple[str, ...]:
    """The weightiest runs that stand in both, and in no longer one that does: what is worth showing."""
    shared = [gram for gram in one.grams.keys() & other.grams.keys() if len(gram) > 1]
    ranked = sorted(shared, key=lambda gram: (-one.grams[gram], gram))[:_LOOKED_AT]
    return tuple(without_parts(ranked))[:_SHOWN]


def without_parts(words: Sequence[str]) -> Iterator[str]:
    """Those words that stand in no other one of them."""
    return (word for word in words if not any(word != other and word in other for other in words))
