"""Issues with all that the figures ask of them, read a few hundred at a time past the ORM."""

from collections import defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import cast
from uuid import UUID

from sqlalchemy import Table

from services.intake.catalogue import Catalogue
from services.intake.escalations.models import Escalation
from services.intake.issues.models import CallBack, Issue, TimelineEntry
from services.intake.kpis.marks import Call, Case, HandUp, Settlement, Step
from services.intake.mediation.models import Mediation
from shared import bulk
from shared.events.intake import EscalationState, IssueState
from shared.service import Work

_ISSUES, _LINES, _CALLS, _ESCALATIONS, _MEDIATIONS = (
    cast(Table, model.__table__) for model in (Issue, TimelineEntry, CallBack, Escalation, Mediation)
)
_PLAIN = (
    "state", "channel", "urgency", "max_level", "reopen_count", "reported_at", "accepted_at", "responded_at",
    "resolved_at", "closed_at", "due_accept", "due_respond", "due_resolve",
)  # fmt: skip
_COMMANDS = frozenset({"verify", "call-back"})
_ENDS = frozenset({IssueState.closed.value, IssueState.withdrawn.value})
_OF = "issue_id"

Placed = tuple[UUID, str, str, Case]


async def read_cases(work: Work, ids: Sequence[UUID]) -> list[Placed]:
    """Each issue's id, area, category (empty where there is none) and case."""
    catalogue = work.part(Catalogue)
    names = ("id", "area_code", "category", *_PLAIN)
    rows = await bulk.fetch(work.session, _ISSUES, names, ids, key="id")
    steps, calls = await _steps(work, ids), await _calls(work, ids)
    hand_ups, settlements = await _hand_ups(work, ids), await _settlements(work, ids)
    return [
        (
            row["id"],
            row["area_code"],
            row["category"] or "",
            Case(
                **{name: row[name] for name in _PLAIN},
                category=catalogue.find(row["category"]),
                steps=steps.get(row["id"], ()),
                calls=calls.get(row["id"], ()),
                hand_ups=hand_ups.get(row["id"], ()),
                settlements=settlements.get(row["id"], ()),
            ),
        )
        for row in rows
    ]


async def _steps(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Step]]:
    names = (_OF, "at", "command", "to_state", "version", "id")
    rows = await bulk.fetch(work.session, _LINES, names, ids, key=_OF)
    asked_for = [row for row in rows if row["command"] in _COMMANDS or row["to_state"] in _ENDS]
    asked_for.sort(key=itemgetter("version", "id"))
    found: dict[UUID, list[Step]] = defaultdict(list)
    for row in asked_for:
        found[row[_OF]].append(Step(row["at"], row["command"], row["to_state"]))
    return found


async def _calls(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Call]]:
    rows = await bulk.fetch(
        work.session, _CALLS, (_OF, "at", "reached", "solved", "rating", "id"), ids, key=_OF
    )
    found: dict[UUID, list[Call]] = defaultdict(list)
    for row in sorted(rows, key=itemgetter("id")):
        found[row[_OF]].append(Call(row["at"], row["reached"], row["solved"], row["rating"]))
    return found


async def _hand_ups(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[HandUp]]:
    names = (_OF, "sent_at", "due_ack", "acknowledged_at", "state")
    found: dict[UUID, list[HandUp]] = defaultdict(list)
    for row in await bulk.fetch(work.session, _ESCALATIONS, names, ids, key=_OF):
        if row["sent_at"] is not None:
            returned = row["state"] == EscalationState.returned
            one = HandUp(row["sent_at"], row["due_ack"], row["acknowledged_at"], returned)
            found[row[_OF]].append(one)
    return found


async def _settlements(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Settlement]]:
    found: dict[UUID, list[Settlement]] = defaultdict(list)
    for row in await bulk.fetch(work.session, _MEDIATIONS, (_OF, "ended_at", "performed_at"), ids, key=_OF):
        if row["ended_at"] is not None:
            found[row[_OF]].append(Settlement(row["ended_at"], row["performed_at"] is not None))
    return found
