"""Reading issues: one, timelines, tracking, and the logged reading of personal data."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import defer

from services.intake.families.relatives import news_of_master
from services.intake.issues import tracking
from services.intake.issues.complaints import open_to
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from services.intake.issues.record import read_issue
from services.intake.issues.reports import PHONE_INDEX
from services.intake.issues.rules import STAFF
from services.intake.issues.views import TOLD_TO_REPORTER, StepOut, TrackOut, TrackStep, works_on
from services.intake.models import VAULT
from services.intake.oversight.readings import note_reading
from shared.auth import Role
from shared.errors import Absent
from shared.events.intake import IssueState
from shared.service import Work

# A list shows neither, so it does not decrypt them.
UNSHOWN = (defer(Issue.text, raiseload=True), defer(Issue.place, raiseload=True))


async def read_timeline(work: Work, issue_id: UUID) -> list[StepOut]:
    """All that happened to an issue, in its order. Raises `Absent`, `Forbidden`."""
    issue = await read_issue(work, issue_id)
    lines = (await work.session.scalars(_timeline(issue_id))).all()
    if works_on(issue, work.actor()):
        return [StepOut.of(line, for_staff=True) for line in lines]
    # Who reported a merged matter follows its master; staff read that one's own timeline.
    told = [*lines, *await news_of_master(work, issue)]
    return [StepOut.of(line, for_staff=False) for line in told]


async def read_reporter(work: Work, issue_id: UUID, reason: str) -> tuple[Issue, Reporter | None]:
    """Who reported and in which words; the reading is written down with its reason, or does not happen."""
    issue = await read_issue(work, issue_id)
    reporter = await work.session.get(Reporter, issue_id)
    told = ("name", "phone", "beneficiary", "title", "text", "location")
    await note_reading(work, f"issue:{issue_id}", told, reason)
    return issue, reporter


async def find_by_phone(work: Work, phone: str, reason: str) -> Sequence[Issue]:
    """The newest hundred issues in the caller's areas from this number.

    The search is written down, and each issue that it found.
    """
    indexes = VAULT.keyring.blind_indexes(PHONE_INDEX, phone)
    query = select(Issue).options(*UNSHOWN).join(Reporter, Reporter.issue_id == Issue.id)
    query = query.where(Reporter.phone_index.in_(indexes), of_caller(work))
    found = (await work.session.scalars(query.order_by(Issue.id.desc()).limit(100))).all()
    await note_reading(work, "reporters by phone", ("phone",), reason, persons=0)
    for number, issue in enumerate(found):
        # All of them are one person's.
        await note_reading(work, f"issue:{issue.id}", ("phone",), reason, persons=int(number == 0))
    return found


async def track(work: Work, no: str, code: str) -> TrackOut:
    """How it stands, for whoever has the code. A wrong code and an unknown number are the same `Absent`."""
    issue = await work.session.scalar(select(Issue).where(Issue.no == no))
    if not tracking.matches(code, None if issue is None else issue.track_hash) or issue is None:
        raise Absent("no issue has this number and code")
    entries = [*await work.session.scalars(_timeline(issue.id)), *await news_of_master(work, issue)]
    steps = [
        TrackStep(
            state=entry.to_state, at=entry.at, said=entry.note if entry.command in TOLD_TO_REPORTER else None
        )
        for entry in entries
        if entry.from_state != entry.to_state or entry.command in TOLD_TO_REPORTER
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


def of_caller(work: Work) -> ColumnElement[bool]:
    """What a list must be cut to: the caller's areas and what they handle, or what they reported."""
    caller, areas = work.actor(), work.areas()
    if caller.has(*STAFF, Role.STREET_OFFICER):
        theirs = or_(Issue.handler_person == caller.subject, *(within(area) for area in areas))
        return and_(theirs, *open_to(work))
    return Issue.reporter_subject == caller.subject


def within(area: str) -> ColumnElement[bool]:
    """Everything beneath a code, as a range that an index can answer."""
    return Issue.area_code.between(area, area.ljust(18, "9"))
