"""The form that a client posts, read and checked as far as a form can be (open311.md §4.5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from urllib.parse import urlsplit

from pydantic import ValidationError

from services.intake.issues.bodies import ReportIn
from services.intake.open311.parameters import Given
from services.intake.open311.refusals import faults, unknown
from services.intake.open311.rules import Attribute, GeoReport, PublicService

_ATTRIBUTE = re.compile(r"^attribute\[([A-Za-z0-9_-]{1,40})\](?:\[\])?$")
_MOST_ATTRIBUTES, _MOST_LETTERS, _TITLE = 50, 2000, 60
# What the standard lets a client send and we keep nothing of: nobody here writes e-mails.
_UNKEPT = {"email": 320, "device_id": 200, "account_id": 200}
_NAMES = {
    "text": "description",
    "title": "description",
    "location.point.latitude": "lat",
    "location.point.longitude": "long",
    "location.address": "address_string",
    "location.compound": "address_id",
    "reporter.name": "first_name",
    "reporter.phone": "phone",
}


@dataclass(frozen=True, slots=True)
class Posted:
    """The words of a form, not yet checked as a report. `attributes` are the answers by code."""

    body: ReportIn
    service: PublicService
    attributes: Mapping[str, Sequence[str]]
    media_url: str | None


def read_posted(given: Given, geo: GeoReport) -> Posted:
    """Read the form. Raises `Invalid` with all that is wrong in it, and `Absent` for an unknown service."""
    code = given.one("service_code")
    if code is None:
        raise faults({"service_code": "required"})
    service = geo.services.get(code)
    if service is None:
        raise unknown(f"service_code {code[:80]}")
    wrong: dict[str, str] = {}
    answers = _answers(given, service.rule.attributes, wrong)
    media_url = _media_url(given, wrong)
    for name, most in _UNKEPT.items():
        if len(given.one(name) or "") > most:
            wrong[name] = f"has {most} letters at most"
    body = _body(given, service, wrong)
    if wrong or body is None:
        raise faults(wrong)
    return Posted(body, service, answers, media_url)


def _body(given: Given, service: PublicService, wrong: dict[str, str]) -> ReportIn | None:
    description = given.one("description")
    name = " ".join(part for part in (given.one("first_name"), given.one("last_name")) if part)
    reporter = {"name": name or None, "phone": given.one("phone")}
    is_named = any(reporter.values())
    said = {
        "title": description.splitlines()[0][:_TITLE] if description else service.category.zh,
        "text": description,
        "category": service.category.code,
        "location": _location(given, wrong),
        "reporter": reporter if is_named else None,
        "anonymous": not is_named,
    }
    try:
        return ReportIn.model_validate(said)
    except ValidationError as error:
        for one in error.errors():
            field = ".".join(str(part) for part in one["loc"])
            wrong.setdefault(_NAMES.get(field, field), str(one["msg"]))
        return None


def _location(given: Given, wrong: dict[str, str]) -> Mapping[str, object]:
    point = {name: given.one(name) for name in ("lat", "long")}
    address, address_id = given.one("address_string"), given.one("address_id")
    if any(point.values()) and not all(point.values()):
        wrong["lat" if point["lat"] is None else "long"] = "required: lat and long go together"
    elif not (any(point.values()) or address or address_id):
        wrong["lat"] = "required, with long; or else address_string or address_id"
    if not all(point.values()):
        return {"address": address, "compound": address_id}
    degrees = {"latitude": point["lat"], "longitude": point["long"]}
    return {"address": address, "compound": address_id, "point": degrees}


def _media_url(given: Given, wrong: dict[str, str]) -> str | None:
    url = given.one("media_url")
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_fit = False
    if (
        not is_fit
        or len(url) > _MOST_LETTERS
        or not url.isascii()
        or any(not one.isprintable() for one in url)
    ):
        wrong["media_url"] = "must be an http or https address"
    return url


def _answers(given: Given, asked: Sequence[Attribute], wrong: dict[str, str]) -> dict[str, list[str]]:
    answers: dict[str, list[str]] = {}
    for name in given.names():
        match = _ATTRIBUTE.match(name)
        if match is not None:
            answers.setdefault(match[1], []).extend(one.strip() for one in given.all(name))
    if len(answers) > _MOST_ATTRIBUTES:
        wrong["attribute"] = f"{_MOST_ATTRIBUTES} at most"
    for attribute in asked:
        if attribute.required and attribute.code not in answers:
            wrong[attribute.code] = "required"
    known = {attribute.code: attribute for attribute in asked}
    for code, values in answers.items():
        message = _misfit(known.get(code), values)
        if message is not None:
            wrong[code] = message
    return answers


def _misfit(asked: Attribute | None, values: Sequence[str]) -> str | None:
    """What is wrong with an answer. An answer to no question of ours is kept for the staff as it is."""
    if any(len(one) > _MOST_LETTERS or "\x00" in one for one in values):
        return f"has {_MOST_LETTERS} letters at most, and no character NUL"
    if asked is None:
        return None
    if len(values) > 1 and asked.datatype != "multivaluelist":
        return "takes one value"
    keys = [choice.key for choice in asked.values]
    if keys and not set(keys).issuperset(values):
        return f"must be of {', '.join(keys)}"
    reads = {"number": _is_number, "datetime": _is_moment}.get(asked.datatype)
    return None if reads is None or reads(values[0]) else f"must be a {asked.datatype}"


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text) is not None
    except ValueError:
        return False
