"""Chinese texts laid side by side: character runs of one to three, without a dictionary of words. Pure.

Words of one meaning are made one first, and what never counts parts the text: no run reaches across it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.intake.suggestions.rules import TextRules

LONGEST = 3
_GAP = " "
_UNWRITTEN = re.compile(r"[^0-9a-z\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Written:
    """A text made ready: how often each run of characters stands in it, and which terms of the catalogue."""

    grams: Mapping[str, int]
    topics: frozenset[str]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How alike two texts are, from 0 to 1, and the longest runs that they share, the weightiest first."""

    value: float
    shared: tuple[str, ...]


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
        self._longest = max(map(len, self._terms), default=0)
        self._telling = {gram for term in self._terms for gram in runs(term)}

    def read(self, text: str) -> Written:
        """Make a text ready."""
        pieces = self._pieces(text)
        said = {run for piece in pieces for run in runs(piece, self._longest) if run in self._terms}
        topics = frozenset(
            term for term in said if not any(term != other and term in other for other in said)
        )
        return Written(Counter(gram for piece in pieces for gram in runs(piece)), topics)

    def compare(self, one: Written, other: Written) -> Overlap:
        """Weigh what two texts share against what they hold: between the measure of Dice and containment."""
        shared = {
            gram: self.weight(gram) * min(count, other.grams[gram])
            for gram, count in one.grams.items()
            if gram in other.grams
        }
        whole = [self._whole(text) for text in (one, other)]
        if not shared or not min(whole):
            return Overlap(0.0, ())
        both = sum(shared.values())
        dice, contained = 2 * both / sum(whole), both / min(whole)
        share = self._rules.containment
        return Overlap(min(1.0, (1 - share) * dice + share * contained), telling(shared))

    def weight(self, gram: str) -> float:
        """What one run counts."""
        factor = self._rules.term_factor if gram in self._telling else 1.0
        return self._rules.gram_weights.get(len(gram), 0.0) * factor

    def _whole(self, text: Written) -> float:
        return sum(self.weight(gram) * count for gram, count in text.grams.items())

    def _pieces(self, text: str) -> tuple[str, ...]:
        plain = _UNWRITTEN.sub(_GAP, unicodedata.normalize("NFKC", text).lower())
        meant = self._words.sub(lambda found: self._meanings[found[0]], plain)
        return tuple(meant.split())


def runs(piece: str, longest: int = LONGEST) -> Iterator[str]:
    """Every run of one to three characters, or to as many as are asked for."""
    for length in range(1, longest + 1):
        for at in range(len(piece) - length + 1):
            yield piece[at : at + length]


def telling(weights: Mapping[str, float], most: int = 6) -> tuple[str, ...]:
    """The runs that stand in no longer one, the weightiest first: what is worth showing to a person."""
    long = [gram for gram in weights if len(gram) > 1]
    whole = [gram for gram in long if not any(gram != other and gram in other for other in long)]
    return tuple(sorted(whole, key=lambda gram: (-weights[gram], gram))[:most])
