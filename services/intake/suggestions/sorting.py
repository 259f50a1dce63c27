"""What category a text speaks of: by the terms that people use for it, and by runs of characters. Pure."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.intake.catalogue import OTHER, Catalogue
from services.intake.suggestions.rules import SuggestionRules
from services.intake.suggestions.texts import Reader, runs, without_parts

_ENOUGH_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A category, its score, its share among all that were found, and the terms with what each added."""

    code: str
    score: float
    share: float
    terms: tuple[tuple[str, float], ...]


class Sorter:
    """Knows the terms of every category."""

    def __init__(self, rules: SuggestionRules, catalogue: Catalogue) -> None:
        self._rules, self._most = rules.categories, rules.text.most_characters
        names = {one.code: _names(one.zh) for one in catalogue.categories if one.code != OTHER}
        self._terms = {code: dict.fromkeys((*names[code], *rules.terms.get(code, ()))) for code in names}
        self._shared = Counter(term for terms in self._terms.values() for term in terms)
        self.reader = Reader(rules.text, self._shared)
        self._grams = {code: set(_telling(terms)) for code, terms in self._terms.items()}
        self._gram_shared = Counter(gram for known in self._grams.values() for gram in known)

    def sort(self, title: str, text: str | None = None) -> list[Found]:
        """The likeliest categories first; none where nothing is said that any category knows."""
        bounded = (text or "")[: self._most]
        in_title, in_text = self._said(title), self._said(bounded)
        runs_said = self.reader.read(f"{title}\n{bounded}").grams.keys()
        scored: dict[str, tuple[float, Mapping[str, float]]] = {}
        for code, known in self._terms.items():
            terms = {
                term: self._weight(term) for term in without_parts([one for one in in_text if one in known])
            }
            for term in without_parts([one for one in in_title if one in known]):
                terms[term] = self._weight(term) * self._rules.title_factor
            grams = sum(1 / self._gram_shared[gram] for gram in runs_said & self._grams[code])
            score = sum(terms.values()) + self._rules.gram_share * grams
            if score >= self._rules.least:
                scored[code] = (score, terms)
        whole = sum(score for score, _ in scored.values())
        ranked = sorted(scored.items(), key=lambda item: (-item[1][0], item[0]))[: self._rules.shown]
        return [Found(code, score, score / whole, _weightiest(terms)) for code, (score, terms) in ranked]

    def _said(self, text: str) -> list[str]:
        plain = unicodedata.normalize("NFKC", text)
        return [term for term in self._shared if term in plain]

    def _weight(self, term: str) -> float:
        return self._rules.term_weights[min(len(term), 4)] / math.sqrt(self._shared[term])


def _weightiest(terms: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(terms.items(), key=lambda item: (-item[1], item[0]))[:_ENOUGH_SHOWN])


def _names(zh: str) -> list[str]:
    """The name of a category as terms: `人身急难(走失、突发疾病)` is four of them with its own."""
    plain = unicodedata.normalize("NFKC", zh)
    for mark in "()、/,与和":
        plain = plain.replace(mark, " ")
    return [name for name in plain.split() if len(name) > 1]


def _telling(terms: Iterable[str]) -> Iterator[str]:
    return (gram for term in terms for gram in runs(term) if len(gram) > 1)
