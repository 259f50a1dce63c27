"""What grid finds out: where issues are, and who should handle them. A hot path: array statements, no ORM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy import Table
from uuid_utils.compat import uuid7

from services.intake.channels.off_list import is_barred
from services.intake.issues.clocks import Clocks
from services.intake.issues.colours import Facts, colour_of
from services.intake.issues.complaints import is_on_staff
from services.intake.issues.models import Issue, TimelineEntry
from shared import bulk
from shared.events.grid import AssignmentProposed, AssignmentSnapshot, IssueLocated
from shared.events.intake import (
    Handler,
    Help,
    IssueAssigned,
    IssueHelpRequested,
    IssueSnapshot,
    IssueState,
)
from shared.service import Work

ISSUES, TIMELINE = (cast(Table, model.__table__) for model in (Issue, TimelineEntry))
_SET = (
    "version", "state", "area_code", "placement_version", "handler_unit", "handler_person", "assigned_at",
    "help_asked", "help_no", "colour",
)  # fmt: skip
_READ = tuple(dict.fromkeys((
    "id", *(name for name in IssueSnapshot.model_fields if name != "handler"), *_SET,
    "area_by_hand", "against", "off_list", "off_list_until",
    "accepted_at", "clock_began_at", "resolved_at", "suspended_at", "paused_s", "supervised",
)))  # fmt: skip

News: TypeAlias = IssueLocated | AssignmentProposed
Row: TypeAlias = dict[str, object]


class UnknownIssue(Exception):
    """Grid speaks of an issue that this database does not hold."""


@dataclass(slots=True)
class _Desk:
    """The issues of one batch, as they change, and the lines of their timelines."""

    work: Work
    rows: Mapping[UUID, Row]
    lines: list[Row] = field(default_factory=list)


async def take_grid_news(work: Work, news: Sequence[News]) -> None:
    """Note places and name handlers, each issue as its state and its round of seeking allow."""
    ids = {_issue_id(event) for event in news}
    found = await bulk.fetch(work.session, ISSUES, _READ, ids, key="id", lock=True)
    desk = _Desk(work, {row["id"]: row for row in found})
    for event in news:
        row = desk.rows.get(_issue_id(event))
        if row is None:
            raise UnknownIssue(str(_issue_id(event)))
        if isinstance(event, IssueLocated):
            _locate(desk, row, event)
        else:
            _propose(desk, row, event)
    await bulk.insert(work.session, TIMELINE, desk.lines)
    changed = [{name: row[name] for name in ("id", *_SET)} for row in desk.rows.values()]
    await bulk.update_all(work.session, ISSUES, changed, key="id")


def _issue_id(event: News) -> UUID:
    return event.placement.id if isinstance(event, IssueLocated) else event.assignment.issue_id


def _locate(desk: _Desk, row: Row, event: IssueLocated) -> None:
    # Grid's fact under grid's version: the issue itself is no other, so its own version stays.
    known, area = cast(int, row["placement_version"]), row["area_code"]
    if event.placement.version > known:
        row["placement_version"] = event.placement.version
        if not row["area_by_hand"]:
            row["area_code"] = event.placement.area_code
        if known and row["area_code"] != area:
            # The first place belongs to the report; another one is news, also to those who count by place.
            _line(desk, row, "relocate", {"from": area, "to": row["area_code"]})


def _is_barred(desk: _Desk, row: Row, proposal: AssignmentSnapshot) -> bool:
    # Who is complained about does not handle the complaint, and the roster does not know who that is.
    if is_on_staff(desk.work, cast("str | None", row["category"])):
        return True
    if proposal.handler is not None and proposal.handler.person == row["against"]:
        return True
    until = cast("datetime | None", row["off_list_until"])
    return bool(row["off_list"]) and is_barred(until, proposal.area_code, desk.work.now)


def _propose(desk: _Desk, row: Row, event: AssignmentProposed) -> None:
    proposal = event.assignment
    if row["state"] != IssueState.accepted or row["assignment_round"] != proposal.round:
        return
    reasons: Row = {"role": proposal.role, "round": proposal.round, "reasons": list(proposal.reasons)}
    if proposal.handler is None or _is_barred(desk, row, proposal):
        _line(desk, row, "leave-to-community", reasons)
        return
    if row["placement_version"] == 0 and not row["area_by_hand"]:
        # The place is on its way; until then the proposal says best where it is.
        row["area_code"] = proposal.area_code
    row["handler_unit"], row["handler_person"] = proposal.handler.unit, proposal.handler.person
    row["assigned_at"] = desk.work.now
    snapshot = _step(desk, row, "assign", IssueState.assigned, reasons)
    desk.work.emit(IssueAssigned(issue=snapshot, automatic=True), because=event)
    asked = cast("Row | None", row["help_asked"])
    if asked is not None:
        _ask_for_help(desk, row, asked, event)


def _ask_for_help(desk: _Desk, row: Row, asked: Row, event: AssignmentProposed) -> None:
    no = cast(int, row["help_no"]) + 1
    row["help_no"], row["help_asked"] = no, None
    data: Row = {"help_no": no, "kind": asked["kind"], "quantity": asked["quantity"]}
    snapshot = _step(desk, row, "request-help", IssueState.assigned, data)
    wanted = Help.model_validate({**asked, "no": no})
    desk.work.emit(IssueHelpRequested(issue=snapshot, help=wanted), because=event)


def _step(desk: _Desk, row: Row, command: str, target: IssueState, data: Row) -> IssueSnapshot:
    before, row["state"] = cast(str, row["state"]), target
    row["version"] = cast(int, row["version"]) + 1
    row["colour"] = _colour(desk.work, row)
    _line(desk, row, command, data, before)
    handler = Handler(unit=cast(str, row["handler_unit"]), person=cast(str, row["handler_person"]))
    return IssueSnapshot.model_validate({**row, "handler": handler})


def _colour(work: Work, row: Row) -> str:
    known = {name: row[name] for name in Facts.__dataclass_fields__ if name != "paused"}
    paused = timedelta(seconds=cast(int, row["paused_s"]))
    return colour_of(Facts(**known, paused=paused), work.now, work.part(Clocks))  # type: ignore[arg-type]  # The columns carry the names and types of the facts.


def _line(desk: _Desk, row: Row, command: str, data: Row, before: str | None = None) -> None:
    line: Row = {
        "id": uuid7(),
        "issue_id": row["id"],
        "version": row["version"],
        "at": desk.work.now,
        "actor": "system",
        "role": "system",
        "command": command,
        "from_state": before or row["state"],
        "to_state": row["state"],
        "data": data,
    }
    desk.lines.append(line)
