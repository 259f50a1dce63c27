"""Records as bytes of CSV and GeoJSON, chunk by chunk. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import orjson

from services.intake.exports.values import Record, Value

BOM = "\ufeff"
# A spreadsheet takes what begins so for a formula (OWASP, CSV injection), also in its full-width forms.
_FORMULA = re.compile("^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


class Format(Protocol):
    """One way to write a table: its beginning, its records, its end."""

    def begin(self) -> bytes: ...
    def write(self, records: Sequence[Record]) -> bytes: ...
    def end(self) -> bytes: ...


class Csv:
    """For Excel, with a byte order mark; local times; no value is a formula."""

    def __init__(self, names: Sequence[str], heads: Sequence[str], zone: ZoneInfo) -> None:
        self._names, self._heads, self._zone = names, heads, zone

    def begin(self) -> bytes:
        return BOM.encode() + self._lines([self._heads])

    def write(self, records: Sequence[Record]) -> bytes:
        return self._lines(
            [_harmless(record.values.get(name), self._zone) for name in self._names] for record in records
        )

    def end(self) -> bytes:
        return b""

    @staticmethod
    def _lines(rows: Iterable[Iterable[Value]]) -> bytes:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(rows)
        return buffer.getvalue().encode()


class GeoJson:
    """RFC 7946; a feature without a place that may be told has no geometry. Times are UTC."""

    def __init__(self, names: Sequence[str], heads: Sequence[str], zone: ZoneInfo) -> None:
        self._names, self._any = names, False

    def begin(self) -> bytes:
        return b'{"type":"FeatureCollection","features":[\n'

    def write(self, records: Sequence[Record]) -> bytes:
        written = b",\n".join(self._feature(record) for record in records)
        separator, self._any = (b",\n" if self._any else b""), True
        return separator + written

    def end(self) -> bytes:
        return b"\n]}\n"

    def _feature(self, record: Record) -> bytes:
        point = record.point
        geometry = None if point is None else {"type": "Point", "coordinates": point}
        properties = {name: record.values.get(name) for name in self._names}
        return orjson.dumps({"type": "Feature", "geometry": geometry, "properties": properties})


def _harmless(value: Value, zone: ZoneInfo) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
