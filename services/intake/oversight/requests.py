"""What people ask of their data, and by when they are answered (PIPL, articles 45 to 47 and 50)."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, false, or_, select, update
from uuid_utils.compat import uuid7

from services.intake.cursors import id_of
from services.intake.issues.reports import PHONE_INDEX
from services.intake.issues.rules import OFFICE
from services.intake.models import VAULT
from services.intake.oversight.bodies import RequestAnswerIn, RequestIn
from services.intake.oversight.models import DataRequest
from services.intake.oversight.readings import note_reading
from services.intake.personal.erasing import NOBODY
from services.intake.personal.finding import Person
from services.intake.personal.rules import PersonalRules
from services.intake.settings import IntakeSettings
from shared.calendar import WorkingCalendar
from shared.clock import local_date, local_midnight
from shared.errors import Absent, FieldError, Forbidden, Invalid, Refused
from shared.service import Work
from shared.web import Page

ASKED, ANSWERED = "asked", "answered"
_DAY = timedelta(days=1)
_REQUESTS = cast(Table, DataRequest.__table__)
log = logging.getLogger(__name__)


class AlreadyAnswered(Refused):
    """Who asks again makes a new request."""

    type, title = "request-answered", "The request has been answered"


async def ask(work: Work, body: RequestIn) -> DataRequest:
    """Write a request down, and by when it is to be answered. Raises `Invalid` for a wrong name."""
    community, caller = work.part(IntakeSettings).community, work.actor()
    by_office = caller.has(*OFFICE)
    if by_office:
        work.permit(community)
    else:
        work.permit_own(caller.subject)
    named = (body.phone is not None) + (body.subject is not None)
    if named != int(by_office):
        message = "name one person by phone or account" if by_office else "an account asks for itself alone"
        raise Invalid(f"phone: {message}", fields=[FieldError("phone", message)])
    request = DataRequest(
        id=uuid7(),
        kind=body.kind,
        state=ASKED,
        area_code=community,
        subject=body.subject if by_office else caller.subject,
        phone=body.phone,
        phone_index=None if body.phone is None else VAULT.keyring.blind_index(PHONE_INDEX, body.phone),
        words=body.words,
        asked_by=caller.subject,
        asked_at=work.now,
    )
    _set_due(work, request)
    work.session.add(request)
    return request


async def list_requests(work: Work, page: Page[str], *, state: str | None) -> Sequence[DataRequest]:
    """The office's, or the caller's own: who has waited longest comes first; `limit + 1` of them."""
    query = select(DataRequest).where(_of_caller(work)).order_by(DataRequest.id).limit(page.limit + 1)
    after = id_of(page.after)
    if after is not None:
        query = query.where(DataRequest.id > after)
    if state is not None:
        query = query.where(DataRequest.state == state)
    return (await work.session.scalars(query)).all()


async def read_words(work: Work, request_id: UUID, reason: str) -> DataRequest:
    """What somebody wrote, their number, and our answer; written down. Raises `Absent`, `Forbidden`."""
    request, own = await _found(work, request_id)
    told = ("phone", "words", "answer")
    await note_reading(work, f"data request:{request.id}", told, reason, persons=int(not own))
    return request


async def answer(work: Work, request_id: UUID, body: RequestAnswerIn) -> DataRequest:
    """Say what became of a request. Raises `Absent`, `AlreadyAnswered`, `Forbidden` for one of one's own."""
    request, own = await _found(work, request_id)
    if own:
        raise Forbidden("nobody answers their own request")
    if request.state == ANSWERED:
        raise AlreadyAnswered(f"it was answered: {request.outcome}")
    request.state, request.outcome, request.answer = ANSWERED, body.outcome, body.text
    request.answered_by, request.answered_at = work.actor().subject, work.now
    return request


async def requests_of(work: Work, person: Person) -> Sequence[DataRequest]:
    """All that this person asked, the oldest first."""
    query = select(DataRequest).where(_of_person(person)).order_by(DataRequest.id)
    return (await work.session.scalars(query)).all()


async def end_with_erasure(work: Work, person: Person) -> None:
    """After an erasure nothing is left to be seen or corrected, and no request names anybody."""
    done = {
        "state": ANSWERED,
        "outcome": "done",
        "answered_by": work.actor().subject,
        "answered_at": work.now,
    }
    mine = update(_REQUESTS).where(_of_person(person))
    await work.session.execute(mine.where(_REQUESTS.c.state == ASKED).values(done))
    blank = dict.fromkeys(("subject", "phone", "phone_index", "words", "answer"))
    by_themselves = _REQUESTS.c.asked_by == _REQUESTS.c.subject
    await work.session.execute(mine.where(by_themselves).values(asked_by=NOBODY))
    await work.session.execute(mine.values(blank))


async def reckon_due_anew(work: Work) -> int:
    """Reckon by the calendar that is known now when open requests are due, and say how many it concerned."""
    edition = DataRequest.provisional_edition
    outdated = (DataRequest.state == ASKED) & edition.is_not(None)
    query = select(DataRequest).where(outdated, edition != work.part(WorkingCalendar).edition)
    found = (await work.session.scalars(query.with_for_update(skip_locked=True))).all()
    for request in found:
        _set_due(work, request)
    await work.session.flush()
    return len(found)


async def note_late_ones(work: Work) -> int:
    """Say once of each request that no answer came in time, and return how many there were."""
    late = (_REQUESTS.c.state == ASKED) & (_REQUESTS.c.due_at < work.now) & _REQUESTS.c.late_at.is_(None)
    change = update(_REQUESTS).where(late).values(late_at=work.now).returning(_REQUESTS.c.id)
    found = (await work.session.scalars(change)).all()
    for one in found:
        work.afterwards.append(partial(log.warning, "no answer in time to the data request %s", one))
        work.afterwards.append(partial(work.host.metrics.noticed, "late_data_request"))
    return len(found)


async def _found(work: Work, request_id: UUID) -> tuple[DataRequest, bool]:
    request = await work.session.get(DataRequest, request_id, with_for_update=True)
    if request is None:
        raise Absent("there is no such request")
    own = request.subject == work.actor().subject
    if own or not work.actor().has(*OFFICE):
        work.permit_own(request.subject)
    else:
        work.permit(request.area_code)
    return request, own


def _of_caller(work: Work) -> ColumnElement[bool]:
    caller, areas = work.actor(), work.areas()
    if caller.has(*OFFICE):
        return or_(false(), *(DataRequest.area_code.between(area, area.ljust(18, "9")) for area in areas))
    return DataRequest.subject == caller.subject


def _of_person(person: Person) -> ColumnElement[bool]:
    if person.phone is None:
        return _REQUESTS.c.subject == person.subject
    return _REQUESTS.c.phone_index.in_(VAULT.keyring.blind_indexes(PHONE_INDEX, person.phone))


def _set_due(work: Work, request: DataRequest) -> None:
    """At the midnight that ends the last of the working days; the day of asking is none of them."""
    calendar, zone = work.part(WorkingCalendar), work.part(IntakeSettings).zone
    day, left = local_date(request.asked_at, zone), work.part(PersonalRules).requests.working_days
    while left:
        day += _DAY
        left -= calendar.is_working_day(day)
    request.due_at = local_midnight(day + _DAY, zone)
    moves = calendar.is_provisional_between(request.asked_at, request.due_at)
    request.provisional_edition = calendar.edition if moves else None
