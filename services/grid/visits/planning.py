"""Visits as they are owed: after sudden events, and regularly by colour; and how each moves on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid5

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.grid.changes import note_change
from services.grid.households.models import AlarmRow, Household
from services.grid.rows import table_of
from services.grid.settings import GridSettings
from services.grid.visits.models import Visit
from services.grid.visits.rules import OPEN, VisitRules, VisitState, next_state
from shared import bulk
from shared.clock import local_date
from shared.errors import Absent
from shared.events.grid import (
    Colour,
    VisitAttempted,
    VisitCancelled,
    VisitDone,
    VisitDue,
    VisitEvent,
    VisitMissed,
    VisitPlanned,
    VisitRefused,
    VisitSnapshot,
)
from shared.service import Work

REGULAR = "regular"

FACTS: Mapping[VisitState, type[VisitEvent]] = MappingProxyType({
    VisitState.planned: VisitPlanned,
    VisitState.due: VisitDue,
    VisitState.attempted: VisitAttempted,
    VisitState.done: VisitDone,
    VisitState.missed: VisitMissed,
    VisitState.refused: VisitRefused,
    VisitState.cancelled: VisitCancelled,
})


async def lock_visit(work: Work, visit_id: UUID) -> tuple[Visit, Household]:
    """The visit and its household, locked in the order in which everybody locks them: the household first."""
    code = await work.session.scalar(select(Visit.household_code).where(Visit.id == visit_id))
    if code is None:
        raise Absent(f"there is no visit {visit_id}")
    household = await work.session.get_one(Household, code, with_for_update=True)
    return await work.session.get_one(Visit, visit_id, with_for_update=True), household


async def plan_visit(
    work: Work, household: Household, *, due_at: datetime, purpose: str, visit_id: UUID | None = None
) -> bool:
    """Owe a visit; with an id it is owed once, however often it is asked for. False where it was owed."""
    row = {
        "id": visit_id or uuid7(),
        "household_code": household.code,
        "area_code": household.area_code,
        "purpose": purpose,
        "state": VisitState.planned.value,
        "colour": household.colour,
        "due_at": due_at,
        "has_risk": False,
        "version": 1,
    }
    new = await bulk.insert_new(work.session, table_of(Visit), [row], key="id")
    if new:
        tell(work, await work.session.get_one(Visit, row["id"]))
    return bool(new)


async def plan_event_visit(work: Work, household: Household, alarm: AlarmRow) -> None:
    """Owe the visit that a sudden event asks for; once for each alarm."""
    due_at = work.part(VisitRules).event_due(alarm.at)
    await plan_visit(
        work,
        household,
        due_at=due_at,
        purpose=alarm.kind,
        visit_id=uuid5(alarm.id, f"visit/{household.code}"),
    )


async def plan_regular_visit(work: Work, household: Household, *, within: timedelta | None = None) -> None:
    """See to it that a visit is owed within the span of the household's colour, or within the given one."""
    rules = work.part(VisitRules)
    span = rules.interval_days.span(Colour(household.colour), household.score)
    by = work.now + (span if within is None else min(within, span))
    owed = await open_visits(work, household.code)
    for visit in owed:
        visit.colour = household.colour
    if owed and owed[0].due_at <= by:
        await work.session.flush()
        return
    regular = next((visit for visit in owed if visit.purpose == REGULAR), None)
    if regular is None:
        await plan_visit(work, household, due_at=by, purpose=REGULAR)
    else:
        regular.due_at, regular.version = by, regular.version + 1
        await work.session.flush()
        work.emit(VisitPlanned(visit=snapshot_of(work, regular)))


async def open_visits(work: Work, household_code: str) -> list[Visit]:
    """What is owed to a household, the earliest first."""
    query = select(Visit).where(Visit.household_code == household_code, Visit.state.in_(OPEN))
    return list((await work.session.scalars(query.order_by(Visit.due_at, Visit.id).with_for_update())).all())


async def move_visit(work: Work, visit: Visit, command: str, *, reason: str) -> None:
    """Take the visit to its next state, with its trail. The caller tells of it when it is complete."""
    before = VisitState(visit.state)
    after = next_state(before, command)
    visit.state, visit.version = after.value, visit.version + 1
    if after not in OPEN:
        visit.ended_at = work.now
        visit.ended_by = work.caller.subject if work.caller is not None else None
    note_change(work, f"visit:{visit.id}", before=before, after=after, reason=reason)
    await work.session.flush()


def tell(work: Work, visit: Visit, **more: object) -> None:
    """Emit the fact that belongs to the state the visit has come to."""
    fact = FACTS[VisitState(visit.state)]
    work.emit(fact.model_validate({"visit": snapshot_of(work, visit), **more}))


def snapshot_of(work: Work, visit: Visit) -> VisitSnapshot:
    return VisitSnapshot(
        id=visit.id,
        version=visit.version,
        household_code=visit.household_code,
        area_code=visit.area_code,
        purpose=visit.purpose,
        state=visit.state,
        due_on=local_date(visit.due_at, work.part(GridSettings).zone),
    )
