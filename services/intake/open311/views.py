"""The records of the standard, made from ours (open311.md §4.2 to §4.9). Pure."""

from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

import orjson

from services.intake.issues import places
from services.intake.issues.bodies import Channel
from services.intake.issues.models import TimelineEntry
from services.intake.open311.formats import MEDIA_TYPES, Value, moment
from services.intake.open311.reading import Found
from services.intake.open311.rules import Attribute, GeoReport, PublicService, UpdateStatus
from services.intake.words import holds_personal_number
from shared.events.intake import IssueState

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
# From these an issue comes back to work only because it was not solved after all.
_HELD_DONE = frozenset({IssueState.verified, IssueState.closed})
_BACK_AT_WORK = frozenset({IssueState.assigned, IssueState.in_progress})


def discovery(geo: GeoReport, endpoints: dict[str, str]) -> Value:
    """Where what is served; `endpoints` are addresses by their type."""
    changeset = f"{geo.rules.changeset.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "changeset": changeset,
        "contact": geo.rules.contact,
        "key_service": geo.rules.key_service,
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": url,
                "changeset": changeset,
                "type": kind,
                "formats": list(MEDIA_TYPES.values()),
            }
            for kind, url in endpoints.items()
        ],
    }


def service(one: PublicService) -> Value:
    """One line of the list of services."""
    category = one.category
    return {
        "service_code": category.code,
        "service_name": one.name,
        "description": (
            f"{category.respond_hours:g} 小时内回应,{category.resolve_hours:g} 小时内办结"
            f" · answered within {category.respond_hours:g} h, done within {category.resolve_hours:g} h"
        ),
        "metadata": bool(one.rule.attributes),
        "type": "batch" if one.rule.batch else "realtime",
        "keywords": ",".join(one.rule.keywords or (category.zh, category.en.replace(",", " /"))),
        "group": f"{one.group.zh} · {one.group.en}",
    }


def definition(one: PublicService) -> Value:
    """The questions of a service; without any, an empty list."""
    attributes: list[Value] = [
        {
            "variable": attribute.variable,
            "code": attribute.code,
            "datatype": attribute.datatype,
            "required": attribute.required,
            "datatype_description": attribute.datatype_description,
            "order": place,
            "description": attribute.description,
            "values": [{"key": choice.key, "name": choice.name} for choice in attribute.values],
        }
        for place, attribute in enumerate(one.rule.attributes, 1)
    ]
    return {"service_code": one.category.code, "attributes": attributes}


def request(found: Found, geo: GeoReport, zone: ZoneInfo, *, extended: bool) -> Value:
    """One request. Words that its reporter did not write for the public, or that hold a number, stay here."""
    issue, posted = found.issue, found.posted
    state, one = geo.rules.states[IssueState(issue.state)], geo.services[str(issue.category)]
    place = places.read(issue.place)
    is_ours = issue.channel == Channel.open311
    shown: dict[str, Value] = {
        "service_request_id": issue.no,
        "status": state.status,
        "status_notes": state.note,
        "service_name": one.name,
        "service_code": one.category.code,
        "description": _public(issue.text) if is_ours else None,
        "agency_responsible": geo.rules.agency,
        "service_notice": geo.rules.notice,
        "requested_datetime": moment(issue.reported_at, zone),
        "updated_datetime": moment(issue.closed_at or found.updated_at, zone),
        "expected_datetime": None if issue.due_resolve is None else moment(issue.due_resolve, zone),
        "address": (_public(place.address) if is_ours else None) or place.compound,
        "address_id": place.compound,
        "zipcode": None,
        "lat": None if place.point is None else place.point.latitude,
        "long": None if place.point is None else place.point.longitude,
        # An address that a stranger sent stands under our name once somebody has looked at the matter.
        "media_url": posted.media_url if posted is not None and issue.accepted_at is not None else None,
    }
    return {**shown, **_extensions(found, geo, zone)} if extended else shown


def _extensions(found: Found, geo: GeoReport, zone: ZoneInfo) -> dict[str, Value]:
    issue = found.issue
    state = geo.rules.states[IssueState(issue.state)]
    answers: dict[str, list[str]] = {}
    if found.posted is not None and found.posted.attributes is not None:
        answers = orjson.loads(found.posted.attributes)
    asked = geo.services[str(issue.category)].rule.attributes
    note: Value = {
        "datetime": moment(found.updated_at, zone),
        "description": state.note,
        "type": state.detailed.lower(),
    }
    return {
        "extended_attributes": {
            "detailed_status": state.detailed,
            "state": issue.state,
            "level": issue.level,
            "urgency": issue.urgency,
            "colour": issue.colour,
            "area_code": issue.area_code,
        },
        "notes": [note],
        "attributes": [_answer(one, answers[one.code]) for one in asked if one.code in answers],
    }


def _answer(asked: Attribute, given: Sequence[str]) -> Value:
    names = {choice.key: choice.name for choice in asked.values}
    return {
        "label": asked.description,
        "name": _public(", ".join(names.get(one, one) for one in given)),
        "value": _public(",".join(given)),
        "code": asked.code,
    }


def update(entry: TimelineEntry, no: str, geo: GeoReport, zone: ZoneInfo) -> Value:
    """One step of a request, in the words of the update feed."""
    state = geo.rules.states[IssueState(entry.to_state)]
    status: UpdateStatus = state.update
    if entry.from_state in _HELD_DONE and entry.to_state in _BACK_AT_WORK:
        status = "reopen"
    return {
        "update_id": str(entry.id),
        "service_request_id": no,
        "status": status,
        "updated_datetime": moment(entry.at, zone),
        "description": state.note,
        "media_url": "",
        "external_status_code": entry.to_state,
        "customer_reference": None,
        "fixmystreet_id": None,
    }


def _public(text: str | None) -> str | None:
    return None if text is None or holds_personal_number(text) else text
