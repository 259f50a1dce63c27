"""Tables that leave chunk by chunk: what is sent is forgotten before the next is read."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.intake.exports.formats import Csv, Format, GeoJson
from services.intake.exports.records import Order, read_records
from services.intake.exports.rules import Column, ExportRules
from services.intake.exports.workbook import Xlsx
from services.intake.settings import IntakeSettings
from shared.host import Host
from shared.service import Work


@dataclass(frozen=True, slots=True)
class Kind:
    """A format by the ending of its file."""

    media_type: str
    make: Callable[[Sequence[str], Sequence[str], ZoneInfo], Format]


KINDS: Mapping[str, Kind] = {
    "csv": Kind("text/csv; charset=utf-8", Csv),
    "xlsx": Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Xlsx),
    "geojson": Kind("application/geo+json", GeoJson),
}


def stream(work: Work, order: Order, kind: str) -> AsyncIterator[bytes]:
    """The table as it is to be sent; it is read only as fast as it is taken, after this work is done."""
    rules, zone = work.part(ExportRules), work.part(IntakeSettings).zone
    columns: tuple[Column, ...] = (*rules.columns, *(rules.personal if order.personal else ()))
    heads = [column.in_language(order.language) for column in columns]
    return _written(work.host, order, KINDS[kind].make([column.name for column in columns], heads, zone))


async def _written(host: Host, order: Order, format: Format) -> AsyncIterator[bytes]:
    yield format.begin()
    async for records in read_records(host, order):
        # Writing and packing a chunk takes tens of milliseconds, which belong to nobody else's request.
        yield await asyncio.to_thread(format.write, records)
    yield format.end()
