"""What staff do with a case: open it, plan, give, review, close."""

from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.partners.cases.ledger import enter
from services.partners.cases.models import Case, Measure
from services.partners.cases.opening import open_case
from services.partners.cases.rules import CASE, MeasureState, missing_for_activity
from services.partners.cases.views import GivenForm, MeasureForm, OpenForm, PlanForm
from services.partners.forms import Reason
from services.partners.history import change
from services.partners.records import locked
from shared.errors import FieldError, Invalid, Refused
from shared.service import Work


class CaseOpen(Refused):
    """A household has one open case."""

    type, title = "case-open", "The household has an open case"


class PlanIncomplete(Refused):
    """Nobody can work by the plan yet."""

    type, title = "plan-incomplete", "The plan lacks something"


async def open_by_hand(work: Work, form: OpenForm) -> Case:
    """Open a case for a household. Raises `CaseOpen`, with the id of the one there is."""
    work.permit(form.area_code)
    case, is_new = await open_case(work, form.household_code, form.area_code, opened_for=form.opened_for)
    if not is_new:
        raise CaseOpen(f"it is {case.id}")
    return case


async def set_plan(work: Work, case_id: UUID, form: PlanForm) -> Case:
    """Put the plan in force as it is given. Raises `Invalid` for a measure that is none of this case."""
    case = await _own(work, case_id)
    change(work, CASE, case, "plan")
    case.goal, case.lead, case.backup = form.goal, form.lead, form.backup
    case.review_on, case.visit_cadence_days = form.review_on, form.visit_cadence_days
    known = {one.id: one for one in await measures_of(work, case)}
    for place, wanted in enumerate(form.measures):
        measure = known.pop(wanted.id, None) if wanted.id else Measure(id=uuid7(), case_id=case.id)
        if measure is None:
            fault = FieldError(f"measures.{place}.id", "is no measure of this case")
            raise Invalid(f"{fault.field} {fault.message}", fields=[fault])
        _write(measure, wanted)
        work.session.add(measure)
    for left_out in known.values():
        # What was done stays done, whatever the plan says now.
        if left_out.state != MeasureState.done:
            left_out.state = MeasureState.dropped
    return case


async def activate(work: Work, case_id: UUID) -> Case:
    """Let people work by the plan. Raises `PlanIncomplete` without a lead or a measure to be done."""
    case = await _own(work, case_id)
    CASE.step(case.state, "activate")
    lacking = missing_for_activity(case.lead, [one.state for one in await measures_of(work, case)])
    if lacking:
        raise PlanIncomplete(f"name {' and '.join(lacking)} first")
    change(work, CASE, case, "activate")
    return case


async def move_on(work: Work, case_id: UUID, command: str, form: Reason) -> Case:
    """Review, close or transfer a case, with the reason."""
    case = await _own(work, case_id)
    change(work, CASE, case, command, reason=form.reason, note=form.note)
    return case


async def give(work: Work, case_id: UUID, form: GivenForm) -> Case:
    """Write down what staff saw given. Raises `Invalid` for the future, or another case's measure."""
    case = await _own(work, case_id)
    if form.given_at > work.now:
        raise _invalid("given_at", "must not lie in the future")
    if form.measure_id is not None and form.measure_id not in {
        one.id for one in await measures_of(work, case)
    }:
        raise _invalid("measure_id", "is no measure of this case")
    await enter(
        work,
        case,
        uuid7(),
        source="staff",
        office=form.office,
        form=form.form.value,
        given_at=form.given_at,
        goods=[one.model_dump() for one in form.goods],
        amount=form.amount,
        measure_id=form.measure_id,
    )
    return case


async def measures_of(work: Work, case: Case) -> list[Measure]:
    """The measures of a case, in the order in which they came."""
    query = select(Measure).where(Measure.case_id == case.id).order_by(Measure.id)
    return list(await work.session.scalars(query))


async def _own(work: Work, case_id: UUID) -> Case:
    case = await locked(work, Case, case_id)
    work.permit(case.area_code)
    work.expect(case.version)
    return case


def _write(measure: Measure, form: MeasureForm) -> None:
    for name, value in form.model_dump(exclude={"id"}).items():
        setattr(measure, name, value)


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field} {message}", fields=[FieldError(field, message)])
