"""Updates that a client sends about a request (mySociety's extension, open311.md §4.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast, get_args

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Table

from services.intake.channels.additions import NothingToAdd, add_words
from services.intake.issues.record import Note
from services.intake.open311.formats import Format, written
from services.intake.open311.models import PostedUpdate
from services.intake.open311.parameters import Given, is_name
from services.intake.open311.reading import find_public_or_own
from services.intake.open311.refusals import unknown
from services.intake.open311.rules import UpdateStatus
from services.intake.words import Text
from shared import bulk
from shared.auth import Caller
from shared.errors import Invalid
from shared.idempotency import Answer
from shared.service import Work
from shared.web import Grouped

UPDATES = cast(Table, PostedUpdate.__table__)
REQUIRED = ("jurisdiction_id", "service_request_id", "update_id", "updated_datetime", "status", "description")
STATUSES = frozenset(get_args(UpdateStatus))
_LONGEST_ID = 200
_WORDS: TypeAdapter[str] = TypeAdapter(Text)


@dataclass(frozen=True, slots=True)
class Update:
    """What a client says of a request; the status is its own view, and moves nothing here."""

    request_id: str
    update_id: str
    status: str
    description: str
    form: Format


class Updates(Grouped[Update]):
    """Takes the updates that come at the same time in one commit."""

    def __init__(self) -> None:
        super().__init__(take_updates)


def read_update(given: Given, form: Format) -> Update:
    """Read the form. Raises `Invalid` that names the first field which is missing or wrong."""
    missing = [name for name in REQUIRED if given.one(name) is None]
    if missing:
        raise _bad(missing[0])
    said = {name: str(given.one(name)) for name in REQUIRED}
    if said["status"].lower() not in STATUSES:
        raise _bad("status")
    if len(said["update_id"]) > _LONGEST_ID or not said["update_id"].isprintable():
        raise _bad("update_id")
    try:
        given.moment("updated_datetime")
    except Invalid as error:
        raise _bad("updated_datetime") from error
    try:
        words = _WORDS.validate_python(said["description"])
    except ValidationError as error:
        raise _bad("description") from error
    return Update(said["service_request_id"], said["update_id"], said["status"].lower(), words, form)


async def take_updates(work: Work, items: Sequence[tuple[Update, Caller]]) -> Sequence[Answer]:
    """Add the words to the requests. Raises `Absent`, and `Invalid` for an id that came before."""
    return [await _take(work, update, caller) for update, caller in items]


async def _take(work: Work, update: Update, caller: Caller) -> Answer:
    client = str(caller.unit)
    no = update.request_id
    issue_id = await find_public_or_own(work, no, client) if is_name(no) else None
    if issue_id is None:
        raise unknown(f"service_request_id {update.request_id[:80]}")
    work.caller = caller
    row = {"client": client, "update_id": update.update_id, "issue_id": issue_id, "at": work.now}
    if not await bulk.insert_new(work.session, UPDATES, [row], key="update_id"):
        raise Invalid(f"update_id {update.update_id} already exists")
    try:
        await add_words(work, issue_id, Note(reason_code=f"said_{update.status}", text=update.description))
    except NothingToAdd as error:
        raise Invalid(f"service_request_id {no}: {error}") from error
    body = written(update.form, "service_request_updates", [{"update_id": update.update_id}])
    return Answer(200, {"content-type": update.form.media_type}, body)


def _bad(field: str) -> Invalid:
    return Invalid(f"Bad request: {field}")
