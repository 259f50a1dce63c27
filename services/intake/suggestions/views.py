"""What clerks get to see of suggestions: each with all that it follows from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.catalogue import Catalogue
from services.intake.issues.models import Issue
from services.intake.issues.views import may_read_words
from services.intake.suggestions.likeness import Reason
from services.intake.suggestions.rules import Wording
from services.intake.suggestions.sorting import Found
from shared.auth import Caller
from shared.events.intake import IssueState

_HIDDEN = ("…",)
# Sides whose terms are words of the reporters; those of the others are codes and names of parts.
_IN_THEIR_WORDS = frozenset({"text", "topic"})


class TermOut(BaseModel):
    """A term that was found in the text, and what it added to the score."""

    term: str
    weight: float


class CategoryOut(BaseModel):
    """A category that the text may speak of; `share` is its part of all scores, from 0 to 1."""

    code: str
    zh: str
    en: str
    score: float
    share: float
    terms: list[TermOut]

    @classmethod
    def of(cls, found: Found, catalogue: Catalogue, *, with_words: bool) -> Self:
        """The terms are the reporter's own words, and shown to whoever may read these."""
        category = catalogue.by_code[found.code]
        terms = [TermOut(term=term, weight=round(weight, 3)) for term, weight in found.terms]
        return cls(
            code=found.code,
            zh=category.zh,
            en=category.en,
            score=round(found.score, 3),
            share=round(found.share, 3),
            terms=terms if with_words else [],
        )


class ReasonOut(BaseModel):
    """One side of a likeness; without a weight, a factor on the score. `measure` is metres, or hours."""

    kind: str
    value: float
    weight: float
    measure: float | None
    terms: tuple[str, ...]
    zh: str
    en: str

    @classmethod
    def of(cls, reason: Reason, wording: Mapping[str, Wording], *, with_words: bool) -> Self:
        """Tell the reason in both languages."""
        terms = reason.terms if with_words or reason.kind not in _IN_THEIR_WORDS else _HIDDEN
        sentence = _sentence(reason, wording)
        filled = {
            "percent": round(reason.value * 100),
            "measure": round(reason.measure or 0),
            "terms": " ".join(terms),
        }
        return cls(
            kind=reason.kind,
            value=round(reason.value, 3),
            weight=reason.weight,
            measure=None if reason.measure is None else round(reason.measure, 1),
            terms=terms,
            zh=sentence.zh.format(**filled),
            en=sentence.en.format(**filled),
        )


class DuplicateOut(BaseModel):
    """An open issue that may be the same matter."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    no: str
    state: IssueState
    category: str | None
    area_code: str
    reported_at: datetime
    title: str | None
    score: float
    reasons: list[ReasonOut]


class RecordOut(BaseModel):
    """How often clerks said yes to suggestions of a kind under one version of the rules."""

    kind: str
    rules_version: str
    answered: int
    taken: int


class SuggestionsOut(BaseModel):
    """Suggestions change nothing: a clerk takes them, or not. `compared` issues were looked at."""

    rules_version: str
    compared: int
    categories: list[CategoryOut]
    duplicates: list[DuplicateOut]


def duplicate_out(
    issue: Issue,
    score: float,
    reasons: Sequence[Reason],
    caller: Caller,
    wording: Mapping[str, Wording],
    *,
    mine: bool,
) -> DuplicateOut:
    """One of them for this caller; `mine` says whether they may read the words of the matter in question."""
    readable = may_read_words(issue, caller)
    return DuplicateOut(
        id=issue.id,
        no=issue.no,
        state=IssueState(issue.state),
        category=issue.category,
        area_code=issue.area_code,
        reported_at=issue.reported_at,
        title=issue.title if readable else None,
        score=round(score, 3),
        reasons=[ReasonOut.of(one, wording, with_words=readable and mine) for one in reasons],
    )


def _sentence(reason: Reason, wording: Mapping[str, Wording]) -> Wording:
    if reason.kind == "address":
        return wording[reason.terms[0]]
    unknown = reason.kind == "distance" and reason.measure is None
    return wording["distance_unknown" if unknown else reason.kind]
