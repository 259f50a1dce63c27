"""What category a text speaks of: by the terms that people use for it, and by runs of characters. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.intake.catalogue import OTHER, Catalogue
from services.intake.suggestions.rules import SuggestionRules
from services.intake.suggestions.texts import Reader, runs

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
        self._rules = rules.categories
        names = {one.code: _names(one.zh) for one in catalogue.categories if one.code != OTHER}
        self._terms = {code: dict.fromkeys((*names[code], *rules.terms.get(code, ()))) for code in names}
        self._shared = Counter(term for terms in self._terms.values() for term in terms)
        self.reader = Reader(rules.text, self._shared)
        self._grams = {code: set(_telling(terms)) for code, terms in self._terms.items()}
        self._gram_shared = Counter(gram for known in self._grams.values() for gram in known)

    def sort(self, title: str, text: str | None = None) -> list[Found]:
        """The likeliest categories first; none where nothing is said that any category knows."""
        scored: dict[str, tuple[float, Mapping[str, float]]] = {}
        parts = ((title, self._rules.title_factor), (text or "", 1.0))
        said = self._runs_in(f"{title}\n{text or ''}")
        for code in self._terms:
            terms: dict[str, float] = {}
            for part, factor in parts:
                for term, weight in self._said(code, part):
                    terms[term] = max(terms.get(term, 0.0), weight * factor)
            grams = sum(1 / self._gram_shared[gram] for gram in said & self._grams[code])
            score = sum(terms.values()) + self._rules.gram_share * grams
            if score >= self._rules.least:
                scored[code] = (score, terms)
        whole = sum(score for score, _ in scored.values())
        ranked = sorted(scored.items(), key=lambda item: (-item[1][0], item[0]))[: self._rules.shown]
        return [Found(code, score, score / whole, _weightiest(terms)) for code, (score, terms) in ranked]

    def _said(self, code: str, text: str) -> Iterator[tuple[str, float]]:
        said = [term for term in self._terms[code] if term in text]
        for term in said:
            # What stands within a longer term of the same category was counted with it.
            if not any(term != other and term in other for other in said):
                yield term, self._weight(term)

    def _weight(self, term: str) -> float:
        return self._rules.term_weights[min(len(term), 4)] / math.sqrt(self._shared[term])

    def _runs_in(self, text: str) -> set[str]:
        return {gram for gram in self.reader.read(text).grams if len(gram) > 1}


def _weightiest(terms: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(terms.items(), key=lambda item: (-item[1], item[0]))[:_ENOUGH_SHOWN])


def _names(zh: str) -> list[str]:
    """The name of a category as terms: `人身急难(走失、突发疾病)` is four of them with its own."""
    plain = zh
    for mark in "()()、/,,与和":
        plain = plain.replace(mark, " ")
    return [name for name in plain.split() if len(name) > 1]


def _telling(terms: Iterable[str]) -> Iterator[str]:
    return (gram for term in terms for gram in runs(term) if len(gram) > 1)
