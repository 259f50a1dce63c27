"""Reading issues: one, lists, timelines, tracking, and the logged reading of personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import defer

from services.intake.issues import tracking
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from services.intake.issues.record import permit_concerned
from services.intake.issues.reports import PHONE_INDEX
from services.intake.issues.rules import OPEN, STAFF
from services.intake.issues.views import TrackOut, TrackStep
from services.intake.models import READ_LOG, VAULT
from shared.auth import Role
from shared.errors import Absent, FieldError, Invalid
from shared.events.intake import IssueState
from shared.privacy import record_read
from shared.service import Work
from shared.web import Page

# A list shows neither, so it does not decrypt them.
UNSHOWN = (defer(Issue.text, raiseload=True), defer(Issue.place, raiseload=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to; None means all."""

    state: Sequence[IssueState] | None = None
    category: str | None = None
    urgency: str | None = None
    colour: str | None = None
    channel: str | None = None
    area: str | None = None
    handler: str | None = None
    no: str | None = None
    is_open: bool | None = None
    due_before: datetime | None = None


async def read_issue(work: Work, issue_id: UUID) -> Issue:
    """One issue, for its reporter, its handler, and staff of the area. Raises `Absent`, `Forbidden`."""
    issue = await work.session.get(Issue, issue_id)
    if issue is None:
        raise Absent("there is no such issue")
    permit_concerned(work, issue)
    return issue


async def list_issues(work: Work, wanted: Filter, page: Page[str]) -> Sequence[Issue]:
    """The newest first, `limit + 1` of them: those of the caller's areas, or the caller's own."""
    query = select(Issue).options(*UNSHOWN).where(_of_caller(work), *_narrowed(wanted))
    if page.after is not None:
        query = query.where(Issue.id < _cursor(page.after))
    return (await work.session.scalars(query.order_by(Issue.id.desc()).limit(page.limit + 1))).all()


async def read_timeline(work: Work, issue_id: UUID) -> Sequence[TimelineEntry]:
    """All that happened to an issue, in its order. Raises `Absent`, `Forbidden`."""
    await read_issue(work, issue_id)
    return (await work.session.scalars(_timeline(issue_id))).all()


async def read_reporter(work: Work, issue_id: UUID, reason: str) -> tuple[Issue, Reporter | None]:
    """Who reported and in which words; the reading is written down with its reason, or does not happen."""
    issue = await read_issue(work, issue_id)
    reporter = await work.session.get(Reporter, issue_id)
    await record_read(
        work.session,
        READ_LOG,
        work.actor(),
        at=work.now,
        subject=f"issue:{issue_id}",
        fields=("name", "phone", "title", "text", "location"),
        reason=reason,
    )
    return issue, reporter


async def find_by_phone(work: Work, phone: str, reason: str) -> Sequence[Issue]:
    """The newest hundred issues in the caller's areas from this number; the search is written down."""
    indexes = VAULT.keyring.blind_indexes(PHONE_INDEX, phone)
    query = select(Issue).options(*UNSHOWN).join(Reporter, Reporter.issue_id == Issue.id)
    query = query.where(Reporter.phone_index.in_(indexes), _of_caller(work))
    found = (await work.session.scalars(query.order_by(Issue.id.desc()).limit(100))).all()
    await record_read(
        work.session,
        READ_LOG,
        work.actor(),
        at=work.now,
        subject="reporters by phone",
        fields=("phone",),
        reason=reason,
    )
    return found


async def track(work: Work, no: str, code: str) -> TrackOut:
    """States and times for whoever has the code. A wrong code and an unknown number are the same `Absent`."""
    issue = await work.session.scalar(select(Issue).where(Issue.no == no))
    if not tracking.matches(code, None if issue is None else issue.track_hash) or issue is None:
        raise Absent("no issue has this number and code")
    entries = await work.session.scalars(_timeline(issue.id))
    steps = [
        TrackStep(state=entry.to_state, at=entry.at)
        for entry in entries
        if entry.from_state != entry.to_state
    ]
    # Who reported a merged matter follows the news of its master.
    master = issue if issue.parent_id is None else await work.session.get_one(Issue, issue.parent_id)
    return TrackOut(
        no=issue.no,
        state=IssueState(master.state),
        reported_at=issue.reported_at,
        due_resolve=master.due_resolve,
        closed_at=master.closed_at,
        steps=steps,
    )


def _timeline(issue_id: UUID) -> Select[TimelineEntry]:
    query = select(TimelineEntry).where(TimelineEntry.issue_id == issue_id)
    # What partners did reaches us in any order; it is told in the order in which it happened.
    return query.order_by(TimelineEntry.version, TimelineEntry.at, TimelineEntry.id)


def _of_caller(work: Work) -> ColumnElement[bool]:
    caller, areas = work.actor(), work.areas()
    if caller.has(*STAFF, Role.STREET_OFFICER):
        return or_(Issue.handler_person == caller.subject, *(within(area) for area in areas))
    return Issue.reporter_subject == caller.subject


def within(area: str) -> ColumnElement[bool]:
    """Everything beneath a code, as a range that an index can answer."""
    return Issue.area_code.between(area, area.ljust(18, "9"))


def _narrowed(wanted: Filter) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool] | None] = [
        None if wanted.state is None else Issue.state.in_(wanted.state),
        None if wanted.category is None else Issue.category.startswith(wanted.category, autoescape=True),
        None if wanted.urgency is None else Issue.urgency == wanted.urgency,
        None if wanted.colour is None else Issue.colour == wanted.colour,
        None if wanted.channel is None else Issue.channel == wanted.channel,
        None if wanted.area is None else within(wanted.area),
        None if wanted.handler is None else Issue.handler_person == wanted.handler,
        None if wanted.no is None else Issue.no == wanted.no,
        None if wanted.due_before is None else Issue.due_resolve < wanted.due_before,
    ]
    if wanted.is_open is not None:
        is_open = Issue.state.in_(OPEN)
        terms.append(is_open if wanted.is_open else ~is_open)
    return [term for term in terms if term is not None]


def _cursor(after: tuple[str, ...]) -> UUID:
    try:
        return UUID(after[0])
    except ValueError as error:
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
