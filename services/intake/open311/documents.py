"""What the OpenAPI document says of parameters, which the standard reads more kindly than FastAPI would."""

from services.intake.evidence.rules import DOOR_BYTES, FORM_BYTES
from services.intake.open311.formats import MEDIA_TYPES
from services.intake.open311.media import FIELD
from shared.web.edge import MAX_BODY_BYTES

_LIST, _DATE = "several with commas", "W3C date with offset, such as 2026-03-05T10:00:00Z"
COMMON = {"jurisdiction_id": "This server has one jurisdiction; another one is not found"}
PAGE = {"page": "From 1", "page_size": "1000 at most"}
SPAN = {"start_date": _DATE, "end_date": f"{_DATE}; 90 days after start_date at most"}
WANTED = {
    "service_request_id": f"{_LIST}; all else then counts for nothing",
    "service_code": _LIST,
    **SPAN,
    "status": f"open or closed, {_LIST}",
    "updated_after": _DATE,
    "updated_before": _DATE,
    "extensions": "true shows the fine state and the answers to the questions of the service",
    **PAGE,
}
KEY = {"api_key": "In the form, in the query, or as a bearer token"}
POSTED = {
    "service_code": "Required",
    "lat": "WGS-84, with long; or else address_string or address_id",
    "long": "WGS-84",
    "address_string": "The place in words",
    "address_id": "The name of a residence compound",
    "attribute[CODE]": "The answer to a question; attribute[CODE][] several times for a multivaluelist",
    "description": "4000 letters at most; it is shown to the public",
    "first_name": "Encrypted, never shown",
    "last_name": "Encrypted, never shown",
    "phone": "Encrypted, never shown; for the call-back",
    "email": "Not kept",
    "device_id": "Not kept",
    "account_id": "Not kept",
    "media_url": "Never fetched; shown once staff have looked at the request",
}
MEDIA = "Pictures and other evidence, 16 MiB with all that is sent beside; for staff only"
UPDATE = {
    "service_request_id": "Required",
    "update_id": "Required: the client's own, taken once",
    "updated_datetime": f"Required: {_DATE}",
    "status": "Required: what the client thinks, such as OPEN or FIXED; it moves nothing here",
    "description": "Required",
}

Schema = dict[str, object]


def asked(*groups: dict[str, str]) -> Schema:
    """Parameters of a query."""
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": text}
        for group in (COMMON, *groups)
        for name, text in group.items()
    ]
    return {"parameters": parameters, "responses": _answers()}


def sent(*groups: dict[str, str]) -> Schema:
    """Fields of a form."""
    return _form(_fields(*groups))


def sent_with_media() -> Schema:
    """The fields of a request, with files where the form can hold them."""
    file = {"type": "string", "format": "binary"}
    media: Schema = {FIELD: {"type": "array", "items": file, "description": MEDIA}}
    return {**_form(_fields(POSTED), media), MAX_BODY_BYTES: DOOR_BYTES + FORM_BYTES}


def _fields(*groups: dict[str, str]) -> Schema:
    given = (KEY, COMMON, *groups)
    return {name: {"type": "string", "description": text} for group in given for name, text in group.items()}


def _form(fields: Schema, files: Schema | None = None) -> Schema:
    content = {
        "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}},
        "multipart/form-data": {"schema": {"type": "object", "properties": {**fields, **(files or {})}}},
    }
    return {"requestBody": {"required": True, "content": content}, "responses": _answers()}


def _answers() -> Schema:
    either: Schema = {one: {} for one in MEDIA_TYPES.values()}
    return {
        "200": {"description": "As the suffix says", "content": either},
        "4XX": {"description": "Refused, in the words of the standard", "content": either},
    }
