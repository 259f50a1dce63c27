"""What the public may know of requests: plain matters only, and of those only what names nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from services.intake.issues.bodies import Channel
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.open311.models import PostedRequest
from services.intake.open311.parameters import Paged, Wanted
from services.intake.open311.rules import PUBLIC_CLASS, GeoReport
from shared.events.intake import IssueState
from shared.service import Work

MOVED = TimelineEntry.from_state != TimelineEntry.to_state


@dataclass(frozen=True, slots=True)
class Found:
    """An issue, what came with it by Open311 if it did, and when its state last changed."""

    issue: Issue
    posted: PostedRequest | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The number for a token, once there is one to show."""

    no: str | None


def is_public(geo: GeoReport) -> ColumnElement[bool]:
    """Plain matters of which somebody said so: whoever chose a public service, or staff by accepting it.

    A category that a resident merely guessed makes nothing public, nor does a suggestion nobody has read.
    """
    batch = [code for code, service in geo.services.items() if service.rule.batch]
    chosen = (Issue.channel == Channel.open311) & or_(
        Issue.category.not_in(batch), Issue.state != IssueState.reported
    )
    return (
        (Issue.privacy_class == PUBLIC_CLASS)
        & Issue.category.in_(list(geo.services))
        & or_(Issue.accepted_at.is_not(None), chosen)
    )


async def find(work: Work, wanted: Wanted, page: Paged) -> tuple[Sequence[Found], int]:
    """One page of the requests, the newest first, and how many there are on all pages."""
    terms = [is_public(work.part(GeoReport)), *_narrowed(wanted, work.part(GeoReport))]
    total = await work.session.scalar(select(func.count()).select_from(Issue).where(*terms))
    query = (
        select(Issue, PostedRequest)
        .outerjoin(PostedRequest, PostedRequest.issue_id == Issue.id)
        .where(*terms)
        .order_by(Issue.reported_at.desc(), Issue.id.desc())
        .limit(page.size)
        .offset(page.offset)
    )
    rows = (await work.session.execute(query)).all()
    moved = await _last_moves(work, [issue.id for issue, _ in rows])
    found = [Found(issue, posted, moved.get(issue.id, issue.reported_at)) for issue, posted in rows]
    return found, total or 0


async def find_public_or_own(work: Work, no: str, client: str) -> UUID | None:
    """The issue of that number, if it is public or came from this client."""
    query = select(Issue.id).outerjoin(PostedRequest, PostedRequest.issue_id == Issue.id)
    mine = or_(is_public(work.part(GeoReport)), PostedRequest.client == client)
    return await work.session.scalar(query.where(Issue.no == no, mine))


async def find_token(work: Work, token: str) -> Redeemed | None:
    """What a token stands for; no number until somebody has read the request."""
    query = select(Issue.no, Issue.state).join(PostedRequest, PostedRequest.issue_id == Issue.id)
    row = (await work.session.execute(query.where(PostedRequest.token == token))).first()
    if row is None:
        return None
    return Redeemed(None if row.state == IssueState.reported else row.no)


async def find_moves(
    work: Work, start: datetime, end: datetime, page: Paged
) -> list[tuple[TimelineEntry, str]]:
    """One page of the steps of public requests with their numbers, the oldest first."""
    query = (
        select(TimelineEntry, Issue.no)
        .join(Issue, Issue.id == TimelineEntry.issue_id)
        .where(MOVED, TimelineEntry.at.between(start, end), is_public(work.part(GeoReport)))
        .order_by(TimelineEntry.at, TimelineEntry.id)
        .limit(page.size)
        .offset(page.offset)
    )
    return [(entry, no) for entry, no in await work.session.execute(query)]


def _narrowed(wanted: Wanted, geo: GeoReport) -> list[ColumnElement[bool]]:
    if wanted.ids is not None:
        return [Issue.no.in_(wanted.ids)]
    terms: list[ColumnElement[bool] | None] = [
        None if wanted.span is None else Issue.reported_at.between(*wanted.span),
        None if wanted.codes is None else Issue.category.in_(wanted.codes),
        None if wanted.statuses is None else Issue.state.in_(geo.states(*wanted.statuses)),
        None if wanted.updated_after is None else _touched(at=(">=", wanted.updated_after)),
        None if wanted.updated_before is None else ~_touched(at=(">", wanted.updated_before)),
    ]
    return [term for term in terms if term is not None]


def _touched(at: tuple[str, datetime]) -> ColumnElement[bool]:
    """Reported, or moved to another state, at such a time."""
    how, when = at
    steps = select(TimelineEntry.issue_id).where(MOVED, TimelineEntry.at.op(how)(when))
    return or_(Issue.reported_at.op(how)(when), Issue.id.in_(steps))


async def _last_moves(work: Work, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    if not ids:
        return {}
    query = select(TimelineEntry.issue_id, func.max(TimelineEntry.at).label("at")).where(
        TimelineEntry.issue_id.in_(ids), MOVED
    )
    rows = await work.session.execute(query.group_by(TimelineEntry.issue_id))
    return {row.issue_id: row.at for row in rows}
