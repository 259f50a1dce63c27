"""Who should handle an issue: one proposal for each round of seeking, whatever the order of the events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy import RowMapping, Select, select

from services.grid.atlas import Atlas, Chart
from services.grid.force.rules import ForceRules, Roster, choose_handler
from services.grid.issues.models import assignments, declines, issue_copies
from services.grid.issues.placements import known_places, place_issues
from shared import bulk
from shared.events.grid import AssignmentDeclined, AssignmentProposed, AssignmentSnapshot
from shared.events.intake import Handler, IssueDeclined, IssueEvent, IssueReported, IssueSnapshot, IssueState
from shared.service import Work

WAITING, PROPOSED, DECLINED = "waiting", "proposed", "declined"


@dataclass(frozen=True, slots=True)
class Seeking:
    """One round in which a handler is sought, as the event said that opened it."""

    issue_id: UUID
    round: int
    level: int
    declines_before: int

    @property
    def id(self) -> UUID:
        """The same for everybody who comes to know of the round, so that it is proposed once."""
        return uuid5(self.issue_id, f"assignment/{self.round}")


async def follow_issues(work: Work, events: Sequence[IssueEvent]) -> None:
    """Keep a copy of each issue, place it, and propose a handler for every round that is open.

    Most events need no more than the copy; a round that waits for its place or for the decline before it,
    and whatever came in an unusual order, is settled apart.
    """
    chart = await work.part(Atlas).chart(work.session)
    # This also locks the issues: two replicas with events of one issue go one after the other from here on.
    kept = await bulk.upsert_newer(
        work.session, issue_copies, [_copy(event.issue) for event in events], key="id"
    )
    placed = await place_issues(work, [e for e in events if isinstance(e, IssueReported)], chart.map)
    declined = await _note_declines(work, [e for e in events if isinstance(e, IssueDeclined)])
    opened = {
        (e.issue.id, e.issue.assignment_round): e for e in events if e.issue.state is IssueState.accepted
    }
    await _propose(work, list(opened.values()), placed, chart.roster)
    unusual = declined | _out_of_order(events, kept, placed)
    unusual |= {event.issue.id for event in opened.values() if event.issue.decline_count}
    if unusual:
        await _settle(work, {e.issue.id: e for e in events if e.issue.id in unusual}, chart)


def _copy(issue: IssueSnapshot) -> dict[str, object]:
    return {
        "id": issue.id,
        "version": issue.version,
        "community_code": issue.community_code,
        "state": issue.state.value,
        "category": issue.category,
        "urgency": issue.urgency.value if issue.urgency else None,
        "level": issue.level,
        "assignment_round": issue.assignment_round,
    }


def _out_of_order(events: Sequence[IssueEvent], kept: set[UUID], placed: Mapping[UUID, str]) -> set[UUID]:
    """The issues of which something later than an event here may have been taken before it."""
    versions: dict[UUID, set[int]] = {}
    for event in events:
        versions.setdefault(event.issue.id, set()).add(event.issue.version)
    # One that is placed now, and whose every version so far is in this batch, has no past. Where there are
    # several versions and no such proof, the newest hides from `kept` that another came too late.
    late = {
        issue_id
        for issue_id, seen in versions.items()
        if (len(seen) < max(seen) if issue_id in placed else len(seen) > 1)
    }
    return late | (versions.keys() - kept)


async def _note_declines(work: Work, events: Sequence[IssueDeclined]) -> set[UUID]:
    rows = [
        {
            "id": uuid5(event.issue.id, f"decline/{event.issue.assignment_round - 1}"),
            "issue_id": event.issue.id,
            "round": event.issue.assignment_round - 1,
            "unit": event.declined_by.unit,
            "person": event.declined_by.person,
            "reason_code": event.reason_code,
        }
        for event in events
    ]
    await bulk.insert_new(work.session, declines, rows, key="id")
    return {event.issue.id for event in events}


async def _propose(
    work: Work, opening: Sequence[IssueEvent], placed: Mapping[UUID, str], roster: Roster
) -> None:
    elsewhere = await known_places(work, [e.issue.id for e in opening if e.issue.id not in placed])
    rules = work.part(ForceRules)
    rows: dict[UUID, dict[str, object]] = {}
    causes: dict[UUID, IssueEvent] = {}
    for event in opening:
        issue = event.issue
        seeking = Seeking(issue.id, issue.assignment_round, issue.level, issue.decline_count)
        area_code = placed.get(issue.id) or elsewhere.get(issue.id)
        ready = area_code if seeking.declines_before == 0 else None
        rows[seeking.id] = _row(work, seeking, _proposal(seeking, ready, rules, roster, ()))
        causes[seeking.id] = event
    new = await bulk.insert_new(work.session, assignments, list(rows.values()), key="id")
    for identity in causes.keys() & new:
        row = rows[identity]
        if row["state"] == PROPOSED:
            work.emit(AssignmentProposed(assignment=_snapshot(row)), because=causes[identity])


def _proposal(
    seeking: Seeking, area_code: str | None, rules: ForceRules, roster: Roster, declined: Iterable[str]
) -> dict[str, object]:
    """The columns that say who is proposed; where the area is not known yet, that the round waits."""
    if area_code is None:
        nobody: dict[str, object] = {
            "area_code": None,
            "unit": None,
            "person": None,
            "role": None,
            "reasons": [],
        }
        return {"state": WAITING, "version": 0, **nobody}
    choice = choose_handler(
        rules, roster, area_code, level=seeking.level, round=seeking.round, declined=frozenset(declined)
    )
    return {
        "state": PROPOSED,
        "version": 1,
        "area_code": area_code,
        "unit": choice.unit,
        "person": choice.person,
        "role": choice.role,
        "reasons": list(choice.reasons),
    }


def _row(work: Work, seeking: Seeking, proposal: Mapping[str, object]) -> dict[str, object]:
    return {
        "id": seeking.id,
        "issue_id": seeking.issue_id,
        "round": seeking.round,
        "level": seeking.level,
        "declines_before": seeking.declines_before,
        "at": work.now,
        **proposal,
    }


def _snapshot(row: Mapping[str, object]) -> AssignmentSnapshot:
    named = row["person"] is not None
    return AssignmentSnapshot.model_validate({
        **row,
        "handler": {"unit": row["unit"], "person": row["person"]} if named else None,
    })


async def _settle(work: Work, causes: Mapping[UUID, IssueEvent], chart: Chart) -> None:
    """Look at all rounds of these issues: propose what is ready by now, and note what was handed back."""
    rows = await _rows(work, select(assignments).where(assignments.c.issue_id.in_(causes)))
    back = await _rows(work, select(declines).where(declines.c.issue_id.in_(causes)))
    areas = await known_places(work, list(causes))
    changed = []
    for row in rows:
        before = [one for one in back if one["issue_id"] == row["issue_id"] and one["round"] < row["round"]]
        now = _advanced(work, row, before, areas.get(row["issue_id"]), chart.roster)
        if now["state"] == PROPOSED and row["state"] == WAITING:
            work.emit(AssignmentProposed(assignment=_snapshot(now)), because=causes[row["issue_id"]])
        own = [one for one in back if one["issue_id"] == row["issue_id"] and one["round"] == row["round"]]
        if now["state"] == PROPOSED and own:
            now = {**now, "state": DECLINED, "version": 2}
            event = AssignmentDeclined(
                assignment=_handed_back(now, own[0]), reason_code=own[0]["reason_code"]
            )
            work.emit(event, because=causes[row["issue_id"]])
        if now["state"] != row["state"]:
            changed.append(now)
    await bulk.update_all(work.session, assignments, changed, key="id")


def _advanced(
    work: Work, row: RowMapping, before: Sequence[RowMapping], area_code: str | None, roster: Roster
) -> Mapping[str, object]:
    if row["state"] != WAITING or area_code is None or len(before) < row["declines_before"]:
        return dict(row)
    seeking = Seeking(row["issue_id"], row["round"], row["level"], row["declines_before"])
    people = [one["person"] for one in before]
    return _row(work, seeking, _proposal(seeking, area_code, work.part(ForceRules), roster, people))


def _handed_back(row: Mapping[str, object], decline: RowMapping) -> AssignmentSnapshot:
    by = Handler(unit=decline["unit"], person=decline["person"])
    return _snapshot(row).model_copy(update={"handler": by})


async def _rows(work: Work, query: Select[tuple[object, ...]]) -> Sequence[RowMapping]:
    return (await work.session.execute(query)).mappings().all()
