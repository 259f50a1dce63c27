"""How alike two matters are. Pure.

Words, topics and category say whether they are of one kind: their weighted mean is the score. Where they lie,
when they came and which house they name say whether they are one and the same: each is a factor on the score.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.intake.suggestions.addresses import House, Point, metres_between
from services.intake.suggestions.rules import DuplicateRules, Fading
from services.intake.suggestions.texts import Reader, Written, shared_runs

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of a matter; what is not known is None.

    `kinds` are its categories with their shares: one with all of it where somebody has said so, and else what
    the words suggest.
    """

    words: Written
    at: datetime
    house: House
    kinds: Mapping[str, float] = field(default_factory=dict)
    point: Point | None = None
    compound: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One side of a likeness, with its `value` from 0 to 1; without a weight it is a factor on the score.

    `measure` is metres or hours; `terms` are shared runs, categories, or the part of the address.
    """

    kind: str
    value: float
    weight: float = 0.0
    measure: float | None = None
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """The score from 0 to 1, and all that it follows from."""

    score: float
    reasons: tuple[Reason, ...]


def compare(one: Matter, other: Matter, reader: Reader, rules: DuplicateRules) -> Likeness | None:
    """How alike they are, or None where they are too far apart, or speak of different things."""
    alike = reader.compare(one.words, other.words)
    metres = _metres(one, other)
    if alike < rules.least_text or (metres or 0.0) > rules.metres:
        return None
    sides = [Reason("text", alike, rules.weights.text, terms=shared_runs(one.words, other.words))]
    if one.words.topics and other.words.topics:
        sides.append(_same_topics(one.words.topics, other.words.topics, rules.weights.topic))
    if one.kinds and other.kinds:
        codes = tuple(dict.fromkeys((_likeliest(one.kinds), _likeliest(other.kinds))))
        kinship = _kinship(one.kinds, other.kinds, rules.same_group)
        sides.append(Reason("category", kinship, rules.weights.category, terms=codes))
    hours = abs((one.at - other.at).total_seconds()) / _HOUR_S
    doubts = [
        _faded("distance", metres, rules.distance),
        _faded("time", hours, rules.time),
        *_other_house(one, other, rules),
    ]
    score = sum(side.value * side.weight for side in sides) / sum(side.weight for side in sides)
    for doubt in doubts:
        score *= doubt.value
    return Likeness(score, (*sides, *doubts))


def _metres(one: Matter, other: Matter) -> float | None:
    if one.point is not None and other.point is not None:
        return metres_between(one.point, other.point)
    return 0.0 if one.compound is not None and one.compound == other.compound else None


def _faded(kind: str, measure: float | None, fading: Fading) -> Reason:
    if measure is None:
        return Reason(kind, fading.unknown)
    return Reason(kind, fading.floor + (1 - fading.floor) * 0.5 ** (measure / fading.half), measure=measure)


def _same_topics(one: frozenset[str], other: frozenset[str], weight: float) -> Reason:
    shared = one & other
    return Reason("topic", len(shared) / min(len(one), len(other)), weight, terms=tuple(sorted(shared)))


def _likeliest(kinds: Mapping[str, float]) -> str:
    return max(kinds, key=lambda code: (kinds[code], code))


def _kinship(one: Mapping[str, float], other: Mapping[str, float], same_group: float) -> float:
    return sum(
        share * other_share * (1.0 if code == other_code else same_group)
        for code, share in one.items()
        for other_code, other_share in other.items()
        if code[:2] == other_code[:2]
    )


def _other_house(one: Matter, other: Matter, rules: DuplicateRules) -> list[Reason]:
    factors = {"building": rules.other_building, "unit": rules.other_unit, "flat": rules.other_flat}
    found = [Reason("address", factors[part], terms=(part,)) for part in one.house.differs_from(other.house)]
    # The outermost part that differs says enough: units of two buildings are two in any case.
    found = found[:1]
    if one.compound and other.compound and one.compound != other.compound:
        found.append(Reason("address", rules.other_compound, terms=("compound",)))
    return found
