"""Which house a text speaks of: building, unit, flat. One trouble in two houses is two matters. Pure."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]

_EARTH_M = 6_371_000.0
_DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMBER = r"([0-9]{1,4}|[一二两三四五六七八九十]{1,3})"
_PARTS = {
    "building": re.compile(_NUMBER + r"(?:号楼|栋|幢|#楼|号院楼)"),
    "unit": re.compile(_NUMBER + r"单元"),
    "flat": re.compile(r"(?<![0-9])([0-9]{3,4})(?:室|户|号房|(?=楼上|楼下|漏|家))"),
}


@dataclass(frozen=True, slots=True)
class House:
    """The numbers that a text names, each as a set: a text may speak of several."""

    building: frozenset[int] = frozenset()
    unit: frozenset[int] = frozenset()
    flat: frozenset[int] = frozenset()

    def differs_from(self, other: "House") -> Iterator[str]:
        """The parts of which both name some, and none in common."""
        for part in _PARTS:
            mine, theirs = getattr(self, part), getattr(other, part)
            if mine and theirs and not mine & theirs:
                yield part


def house_in(*texts: str | None) -> House:
    """Read all of these texts as one."""
    plain = unicodedata.normalize("NFKC", "\n".join(text for text in texts if text))
    found = {part: frozenset(map(_number, words.findall(plain))) for part, words in _PARTS.items()}
    return House(**found)


def metres_between(one: Point, other: Point) -> float:
    """Between two points (longitude, latitude in WGS-84 degrees), as the crow flies; exact to 0.5 %."""
    (east, north), (other_east, other_north) = (map(math.radians, point) for point in (one, other))
    half_north, half_east = (north - other_north) / 2, (east - other_east) / 2
    chord = math.sin(half_north) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(half_east) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(chord))


def _number(word: str) -> int:
    if word.isascii():
        return int(word)
    tens, ten, ones = word.rpartition("十")
    if not ten:
        return int("".join(str(_DIGITS[one]) for one in ones))
    return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)
