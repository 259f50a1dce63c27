"""Answers in both formats: JSON is the XML by the Spark convention, so one value makes either."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, tostring
from zoneinfo import ZoneInfo

import orjson

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"

# What the repeated children of a container are called in XML; in JSON the container is a bare array.
_CHILDREN = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "notes": "note",
    "service_request_updates": "request_update",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}
# What XML 1.0 cannot hold, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Format(StrEnum):
    """The suffix of a URL."""

    xml = "xml"
    json = "json"

    @property
    def media_type(self) -> str:
        return f"{MEDIA_TYPES[self]}; charset=utf-8"


MEDIA_TYPES = {Format.xml: "text/xml", Format.json: "application/json"}


def format_of(suffix: str) -> Format | None:
    """The format of that suffix, if we have it."""
    return Format(suffix) if suffix in set(Format) else None


def written(form: Format, root: str, value: Value) -> bytes:
    """The body of an answer; `root` is the name of the XML document's element."""
    if form is Format.json:
        return orjson.dumps(value)
    document = Element(root)
    _fill(document, value)
    body: bytes = tostring(document, encoding="utf-8", xml_declaration=True, short_empty_elements=False)
    return body


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A W3C date with seconds and its offset; clients of the standard refuse fractions of a second."""
    return at.astimezone(zone).isoformat(timespec="seconds")


def _fill(element: Element, value: Value) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(SubElement(element, name), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _fill(SubElement(element, _CHILDREN[element.tag]), inner)
    elif value is not None:
        element.text = _UNWRITABLE.sub("", str(value).lower() if isinstance(value, bool) else str(value))
