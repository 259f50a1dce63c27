"""What people do with visits, and what the clock does with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select

from services.grid.areas.commands import in_areas
from services.grid.households.colouring import missed_red_visits, recolour
from services.grid.households.models import Household
from services.grid.settings import GridSettings
from services.grid.visits.models import Visit
from services.grid.visits.planning import lock_visit, move_visit, plan_regular_visit, plan_visit, tell
from services.grid.visits.rules import VisitRules, VisitState, phone_counts
from shared.clock import as_utc, local_date, local_midnight
from shared.errors import Absent, FieldError, Invalid, Refused
from shared.events.grid import Colour
from shared.service import Work
from shared.web import Page

OFFICE_CLOSES = timedelta(hours=18)


class CallNotEnough(Refused):
    """The household must be seen this time."""

    type, title = "call-not-enough", "A call does not stand for this visit"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a visit found: `wellbeing` 1 (bad) to 5, `contact` in_person or phone."""

    wellbeing: int
    contact: str
    has_risk: bool
    note: str | None
    next_on: date | None


async def list_visits(
    work: Work, page: Page[str], *, state: VisitState | None, household_code: str | None, due_by: date | None
) -> Sequence[Visit]:
    """One more than the page has, of the caller's areas only, those due first before the others."""
    query = select(Visit).where(in_areas(Visit.area_code, work.areas()))
    if state is not None:
        query = query.where(Visit.state == state.value)
    if household_code is not None:
        query = query.where(Visit.household_code == household_code)
    if due_by is not None:
        query = query.where(Visit.due_at < _midnight_after(work, due_by))
    if page.after is not None:
        due_at, visit_id = _position(page.after)
        after = or_(Visit.due_at > due_at, and_(Visit.due_at == due_at, Visit.id > visit_id))
        query = query.where(after)
    return (await work.session.scalars(query.order_by(Visit.due_at, Visit.id).limit(page.limit + 1))).all()


async def get_visit(work: Work, visit_id: UUID) -> Visit:
    """The visit, where it lies in the caller's areas. Raises `Absent` and `Forbidden`."""
    visit = await work.session.get(Visit, visit_id)
    if visit is None:
        raise Absent(f"there is no visit {visit_id}")
    work.permit(visit.area_code)
    return visit


async def owe_visit(work: Work, household: Household, *, purpose: str, due_on: date, visit_id: UUID) -> Visit:
    """Plan a visit by hand, due when the office closes on that day."""
    zone = work.part(GridSettings).zone
    if due_on < local_date(work.now, zone):
        raise Invalid("due_on has passed", fields=[FieldError("due_on", "must be today or later")])
    due_at = local_midnight(due_on, zone) + OFFICE_CLOSES
    await plan_visit(work, household, due_at=due_at, purpose=purpose, visit_id=visit_id)
    return await work.session.get_one(Visit, visit_id)


async def record_visit(work: Work, visit_id: UUID, outcome: Outcome) -> Visit:
    """The household was seen: the colour is evaluated anew, and the next visit planned."""
    visit, household = await _locked(work, visit_id)
    if outcome.contact == "phone":
        await _refuse_call(work, visit, household)
    visit.contact, visit.wellbeing, visit.note = outcome.contact, outcome.wellbeing, outcome.note
    visit.has_risk, visit.colour = outcome.has_risk, household.colour
    await move_visit(work, visit, "done", reason=f"wellbeing {outcome.wellbeing}")
    tell(work, visit, has_risk=outcome.has_risk)
    if outcome.next_on is not None:
        ahead = _midnight_after(work, outcome.next_on) - work.now
        await plan_regular_visit(work, household, within=max(ahead, timedelta()))
    await recolour(work, household, reason="visit done")
    return visit


async def end_visit(work: Work, visit_id: UUID, command: str, *, reason: str) -> Visit:
    """Nobody was at home, or they refused, or it is cancelled; the next visit is planned by colour."""
    visit, household = await _locked(work, visit_id)
    if command == "not-at-home":
        visit.due_at = work.now + timedelta(hours=work.part(VisitRules).retry_hours)
    visit.colour = household.colour
    await move_visit(work, visit, command, reason=reason)
    tell(work, visit)
    await plan_regular_visit(work, household)
    return visit


async def let_fall_due(work: Work, *, most: int) -> int:
    """Note the planned visits whose day has come, and return how many."""
    tonight = _midnight_after(work, local_date(work.now, work.part(GridSettings).zone))
    query = select(Visit).where(Visit.state == VisitState.planned, Visit.due_at < tonight)
    free = query.order_by(Visit.due_at).limit(most).with_for_update(skip_locked=True)
    found = (await work.session.scalars(free)).all()
    for visit in found:
        await move_visit(work, visit, "fall-due", reason="the day has come")
        tell(work, visit)
    return len(found)


async def find_missed(work: Work, *, most: int) -> int:
    """Note the visits that were not made in time, plan the next ones, and return how many."""
    rules = work.part(VisitRules)
    late = or_(
        *(
            and_(Visit.colour == colour.value, Visit.due_at < moment)
            for colour, moment in rules.missed_before(work.now).items()
        )
    )
    query = select(Visit.id).where(Visit.state.in_([VisitState.due, VisitState.attempted]), late)
    found = (await work.session.scalars(query.order_by(Visit.due_at).limit(most))).all()
    for visit_id in found:
        await _miss(work, visit_id)
    return len(found)


async def _miss(work: Work, visit_id: UUID) -> None:
    visit, household = await lock_visit(work, visit_id)
    if visit.state not in {VisitState.due, VisitState.attempted}:
        return
    visit.colour = household.colour
    await move_visit(work, visit, "miss", reason="not made within the grace")
    tell(work, visit, in_a_row=await missed_red_visits(work, household.code))
    grace = work.part(VisitRules).grace_days.span(Colour(household.colour), household.score)
    await plan_regular_visit(work, household, within=grace)
    await recolour(work, household, reason="visit missed")


async def _locked(work: Work, visit_id: UUID) -> tuple[Visit, Household]:
    visit, household = await lock_visit(work, visit_id)
    work.permit(visit.area_code)
    work.expect(visit.version)
    return visit, household


async def _refuse_call(work: Work, visit: Visit, household: Household) -> None:
    query = select(Visit.contact).where(
        Visit.household_code == household.code, Visit.state == VisitState.done
    )
    previous = await work.session.scalar(query.order_by(Visit.ended_at.desc(), Visit.id.desc()).limit(1))
    if not phone_counts(Colour(household.colour), previous):
        raise CallNotEnough("red households are seen in person, others at least every second time")


def _midnight_after(work: Work, day: date) -> datetime:
    return local_midnight(day + timedelta(days=1), work.part(GridSettings).zone)


def _position(after: tuple[str, ...]) -> tuple[datetime, UUID]:
    try:
        due_at, visit_id = after
        return as_utc(datetime.fromisoformat(due_at)), UUID(visit_id)
    except (ValueError, OverflowError) as error:
        message = "take the cursor from the Link header unchanged"
        raise Invalid(f"cursor: {message}", fields=[FieldError("cursor", message)]) from error
