"""What a table is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Value: TypeAlias = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """One issue: its values by column, and its point (longitude, latitude) where the caller may know it."""

    values: Mapping[str, Value]
    point: tuple[float, float] | None
