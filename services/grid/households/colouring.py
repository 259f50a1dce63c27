"""The colour of a household as it changes: by events, by the night, and by hand."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, timedelta

from sqlalchemy import select

from services.grid.changes import note_change
from services.grid.households.models import AlarmRow, Household
from services.grid.households.rules import (
    Alarm,
    ColourRules,
    Evaluation,
    Inputs,
    Override,
    Standing,
    evaluate,
    missed_in_a_row,
)
from services.grid.issues.models import issue_copies
from services.grid.settings import GridSettings
from services.grid.visits.models import Visit
from services.grid.visits.planning import plan_event_visit, plan_regular_visit
from services.grid.visits.rules import VisitState
from shared.clock import local_date
from shared.events.grid import Colour, HouseholdColourChanged, HouseholdSnapshot
from shared.events.intake import IssueState, Urgency
from shared.service import Work

SUDDEN_EVENT = "sudden_event"
_ENDED = [
    state.value for state in (IssueState.closed, IssueState.merged, IssueState.rejected, IssueState.withdrawn)
]
_URGENT = [Urgency.U0.value, Urgency.U1.value]


async def recolour(work: Work, household: Household, *, reason: str) -> Evaluation:
    """Evaluate a locked household by what is known now, and owe it the visits that follow."""
    rules, zone = work.part(ColourRules), work.part(GridSettings).zone
    today = local_date(work.now, zone)
    alarms = await _alarms(work, household.code)
    inputs = await _inputs(work, household, alarms)
    before = Colour(household.colour)
    result = evaluate(rules, inputs, standing_of(household), now=work.now, today=today)
    _keep(household, result, rules, today)
    if result.standing.colour is not before:
        _turn(work, household, rules, before=before, reason=reason)
    await work.session.flush()
    for alarm in alarms:
        if alarm.kind == SUDDEN_EVENT and _alarm(alarm).is_in_force(rules, work.now):
            await plan_event_visit(work, household, alarm)
    await plan_regular_visit(work, household)
    return result


def tags_of(household: Household) -> frozenset[str]:
    return frozenset(json.loads(household.tags))


def standing_of(household: Household) -> Standing:
    override = None
    if household.override_colour and household.override_until:
        override = Override(Colour(household.override_colour), household.override_until)
    return Standing(
        Colour(household.colour),
        household.colour_since,
        household.below,
        household.below_on,
        household.step_down_approved,
        override,
    )


async def missed_red_visits(work: Work, household_code: str) -> int:
    """How many visits in a row were missed while the household was red."""
    return missed_in_a_row([(one.state, Colour(one.colour)) for one in await _ended(work, household_code)])


def _keep(household: Household, result: Evaluation, rules: ColourRules, today: date) -> None:
    standing = result.standing
    household.score, household.rule_set, household.evaluated_on = result.score, rules.version, today
    household.reasons = json.dumps([asdict(reason) for reason in result.reasons], ensure_ascii=False)
    household.colour, household.colour_since = standing.colour.value, standing.since
    household.below, household.below_on = standing.below, standing.below_on
    household.awaits_approval = result.awaits_approval
    household.step_down_approved = standing.step_down_approved
    if standing.override is None:
        household.override_colour = household.override_until = None


def _turn(work: Work, household: Household, rules: ColourRules, *, before: Colour, reason: str) -> None:
    is_red = household.colour == Colour.red
    household.confirm_by = work.now + timedelta(hours=rules.confirm_hours) if is_red else None
    household.confirmed_at = None
    household.version, household.updated_at = household.version + 1, work.now
    note_change(work, f"household:{household.code}", before=before, after=household.colour, reason=reason)
    snapshot = HouseholdSnapshot(
        id=household.id,
        version=household.version,
        code=household.code,
        area_code=household.area_code,
        colour=Colour(household.colour),
    )
    work.emit(HouseholdColourChanged(household=snapshot, previous=before))


async def _inputs(work: Work, household: Household, alarms: Iterable[AlarmRow]) -> Inputs:
    ended = await _ended(work, household.code)
    return Inputs(
        tags=tags_of(household),
        alarms=tuple(_alarm(row) for row in alarms),
        missed_red_visits=missed_in_a_row([(one.state, Colour(one.colour)) for one in ended]),
        has_open_urgent=await _has_open_urgent(work, household.code),
        last_visit_ok=bool(ended) and ended[0].state == VisitState.done and not ended[0].has_risk,
    )


def _alarm(row: AlarmRow) -> Alarm:
    return Alarm(row.kind, row.at)


async def _alarms(work: Work, household_code: str) -> Sequence[AlarmRow]:
    query = (
        select(AlarmRow).where(AlarmRow.household_code == household_code).order_by(AlarmRow.at, AlarmRow.id)
    )
    return (await work.session.scalars(query)).all()


async def _ended(work: Work, household_code: str) -> Sequence[Visit]:
    """The last visits that were made or missed, the newest first."""
    states = [VisitState.done.value, VisitState.missed.value]
    query = select(Visit).where(Visit.household_code == household_code, Visit.state.in_(states))
    return (
        await work.session.scalars(query.order_by(Visit.ended_at.desc(), Visit.id.desc()).limit(10))
    ).all()


async def _has_open_urgent(work: Work, household_code: str) -> bool:
    query = (
        select(AlarmRow.id)
        .join(issue_copies, issue_copies.c.id == AlarmRow.issue_id)
        .where(
            AlarmRow.household_code == household_code,
            issue_copies.c.urgency.in_(_URGENT),
            issue_copies.c.state.not_in(_ENDED),
        )
    )
    return await work.session.scalar(query.limit(1)) is not None
