"""Pure: the colour of care of a household, from points, alarms and how it has stood (domain.md §5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from shared.events.grid import Colour

# From the colour of least care to that of most.
RISING = (Colour.blue, Colour.yellow, Colour.red)


class Points(BaseModel):
    """What a tag counts, and how it is called in the reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int = Field(ge=0)
    text: str


class Down(BaseModel):
    """What must have passed before a colour falls by one step."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dwell_days: int = Field(ge=0)
    evaluations: int = Field(ge=1)


class ColourRules(BaseModel):
    """The rule set, from `rules/colours.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    points: dict[str, Points]
    red_from: int
    yellow_from: int
    hard_red_days: dict[str, int]
    hard_red_missed_visits: int = Field(ge=1)
    down: Down
    override_days: int = Field(ge=1, le=90)
    confirm_hours: int = Field(ge=1)
    nightly_hour: int = Field(ge=0, le=23)
    sudden_categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that makes a household red at once; `kind` is one of the rule set's."""

    kind: str
    at: datetime

    def is_in_force(self, rules: ColourRules, now: datetime) -> bool:
        """Whether it still holds the household red."""
        return self.at <= now < self.until(rules)

    def until(self, rules: ColourRules) -> datetime:
        """The moment from which it no longer counts; a kind that the rule set does not know never does."""
        return self.at + timedelta(days=rules.hard_red_days.get(self.kind, 0))


@dataclass(frozen=True, slots=True)
class Override:
    """A colour set by hand until a moment."""

    colour: Colour
    until: datetime


@dataclass(frozen=True, slots=True)
class Inputs:
    """What speaks for or against care today."""

    tags: frozenset[str] = frozenset()
    alarms: tuple[Alarm, ...] = ()
    missed_red_visits: int = 0
    has_open_urgent: bool = False
    last_visit_ok: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How the household has stood; `below` counts the days in a row whose evaluation came out lower."""

    colour: Colour
    since: datetime
    below: int = 0
    below_on: date | None = None
    step_down_approved: bool = False
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that counted: its code, its points (none where it makes red by itself) and its text."""

    code: str
    points: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out, and how. `awaits_approval`: only the community's word is missing to go down."""

    standing: Standing
    score: int
    target: Colour
    reasons: tuple[Reason, ...]
    awaits_approval: bool = False


def evaluate(
    rules: ColourRules, inputs: Inputs, standing: Standing, *, now: datetime, today: date
) -> Evaluation:
    """Up at once; down one step only after enough days and clear evaluations, and from red with approval.

    `today` is the local day: however often a household is evaluated in a day, it counts once.
    """
    score, reasons = _score(rules, inputs)
    hard = _hard(rules, inputs, now)
    target = Colour.red if hard else _band(rules, score)
    override = standing.override
    if override is not None and now < override.until:
        reasons = (
            *reasons,
            *hard,
            Reason("override", None, f"人工调整至 {override.until.date().isoformat()}"),
        )
        return Evaluation(_moved(standing, override.colour, now), score, target, reasons)
    standing = replace(standing, override=None)
    rank, wanted = RISING.index(standing.colour), RISING.index(target)
    if wanted >= rank:
        moved = _moved(standing, target, now) if wanted > rank else _held(standing)
        return Evaluation(moved, score, target, (*reasons, *hard))
    return _downward(
        rules, inputs, standing, now, Evaluation(_counted(standing, today), score, target, reasons)
    )


def _downward(
    rules: ColourRules, inputs: Inputs, before: Standing, now: datetime, lower: Evaluation
) -> Evaluation:
    standing = lower.standing
    ready = (
        now - before.since >= timedelta(days=rules.down.dwell_days)
        and standing.below >= rules.down.evaluations
        and not inputs.has_open_urgent
        and inputs.last_visit_ok
    )
    if not ready:
        return lower
    if standing.colour is Colour.red and not standing.step_down_approved:
        return replace(lower, awaits_approval=True)
    step = RISING[RISING.index(standing.colour) - 1]
    return replace(lower, standing=_moved(standing, step, now))


def _score(rules: ColourRules, inputs: Inputs) -> tuple[int, tuple[Reason, ...]]:
    counted = [(tag, rules.points[tag]) for tag in sorted(inputs.tags) if tag in rules.points]
    reasons = tuple(Reason(tag, one.points, f"{one.text} +{one.points}") for tag, one in counted)
    return sum(one.points for _, one in counted), reasons


def _hard(rules: ColourRules, inputs: Inputs, now: datetime) -> tuple[Reason, ...]:
    alarms: dict[str, Reason] = {}
    for alarm in inputs.alarms:
        if alarm.is_in_force(rules, now):
            until = alarm.until(rules).date()
            text = f"{alarm.kind} {alarm.at.date().isoformat()},红色保持至 {until.isoformat()}"
            alarms[alarm.kind] = Reason(alarm.kind, None, text)
    if inputs.missed_red_visits >= rules.hard_red_missed_visits:
        text = f"连续 {inputs.missed_red_visits} 次红色走访未完成"
        alarms["missed_visits"] = Reason("missed_visits", None, text)
    return tuple(alarms.values())


def _band(rules: ColourRules, score: int) -> Colour:
    if score >= rules.red_from:
        return Colour.red
    return Colour.yellow if score >= rules.yellow_from else Colour.blue


def _counted(standing: Standing, today: date) -> Standing:
    if standing.below_on == today:
        return standing
    return replace(standing, below=standing.below + 1, below_on=today)


def _held(standing: Standing) -> Standing:
    return replace(standing, below=0, below_on=None, step_down_approved=False)


def _moved(standing: Standing, colour: Colour, now: datetime) -> Standing:
    if standing.colour is colour:
        return standing
    return replace(_held(standing), colour=colour, since=now)


def missed_in_a_row(newest_first: Sequence[tuple[str, Colour]]) -> int:
    """How many visits were missed while the household was red, counted back to the last that was not."""
    count = 0
    for state, colour in newest_first:
        if state != "missed" or colour is not Colour.red:
            break
        count += 1
    return count
