"""Issues with all that the figures ask of them, read a few hundred at a time."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Row, Table, or_, select

from services.intake.catalogue import Catalogue
from services.intake.escalations.models import Escalation
from services.intake.issues.models import CallBack, Issue, TimelineEntry
from services.intake.kpis.marks import Call, Case, HandUp, Settlement, Step
from services.intake.mediation.models import Mediation
from shared.events.intake import EscalationState, IssueState
from shared.service import Work

_ISSUES = cast(Table, Issue.__table__)
_PLAIN = (
    "state", "channel", "urgency", "max_level", "reopen_count", "reported_at", "accepted_at", "responded_at",
    "resolved_at", "closed_at", "due_accept", "due_respond", "due_resolve",
)  # fmt: skip
_READ = [_ISSUES.c[name] for name in ("id", "area_code", "category", *_PLAIN)]
_ENDS = (IssueState.closed, IssueState.withdrawn)

Placed = tuple[UUID, str, str, Case]


async def read_cases(work: Work, ids: Sequence[UUID]) -> list[Placed]:
    """Each issue's id, area, category (empty where there is none) and case."""
    catalogue = work.part(Catalogue)
    rows = (await work.session.execute(select(*_READ).where(_ISSUES.c.id.in_(ids)))).all()
    steps, calls = await _steps(work, ids), await _calls(work, ids)
    hand_ups, settlements = await _hand_ups(work, ids), await _settlements(work, ids)
    return [
        (
            row.id,
            row.area_code,
            row.category or "",
            Case(
                **{name: getattr(row, name) for name in _PLAIN},
                category=catalogue.find(row.category),
                steps=steps[row.id],
                calls=calls[row.id],
                hand_ups=hand_ups[row.id],
                settlements=settlements[row.id],
            ),
        )
        for row in rows
    ]


async def _steps(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Step]]:
    line = TimelineEntry
    query = select(line.issue_id, line.at, line.command, line.to_state).where(
        line.issue_id.in_(ids), or_(line.command.in_(("verify", "call-back")), line.to_state.in_(_ENDS))
    )
    found: dict[UUID, list[Step]] = defaultdict(list)
    for row in await work.session.execute(query.order_by(line.version, line.id)):
        found[row.issue_id].append(Step(row.at, row.command, row.to_state))
    return found


async def _calls(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Call]]:
    query = select(CallBack).where(CallBack.issue_id.in_(ids)).order_by(CallBack.id)
    found: dict[UUID, list[Call]] = defaultdict(list)
    for one in await work.session.scalars(query):
        found[one.issue_id].append(Call(one.at, one.reached, one.solved, one.rating))
    return found


async def _hand_ups(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[HandUp]]:
    one = Escalation
    query = select(one.issue_id, one.sent_at, one.due_ack, one.acknowledged_at, one.state).where(
        one.issue_id.in_(ids), one.sent_at.is_not(None)
    )
    found: dict[UUID, list[HandUp]] = defaultdict(list)
    for row in await work.session.execute(query):
        found[row.issue_id].append(_hand_up(row))
    return found


def _hand_up(row: Row[UUID, datetime | None, datetime | None, datetime | None, str]) -> HandUp:
    return HandUp(row.sent_at, row.due_ack, row.acknowledged_at, row.state == EscalationState.returned)


async def _settlements(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Settlement]]:
    query = select(Mediation.issue_id, Mediation.ended_at, Mediation.performed_at).where(
        Mediation.issue_id.in_(ids), Mediation.ended_at.is_not(None)
    )
    found: dict[UUID, list[Settlement]] = defaultdict(list)
    for row in await work.session.execute(query):
        found[row.issue_id].append(Settlement(row.ended_at, row.performed_at is not None))
    return found
