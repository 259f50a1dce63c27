"""What one issue adds to each figure, on which day (domain.md §8). Pure.

A mark is one issue's numerator and denominator of one figure on one day. Late is one second after due.
What was merged counts nowhere: its master stands for it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from services.intake.catalogue import Category
from services.intake.issues.clocks import is_small
from services.intake.kpis.rules import KpiRules
from shared.clock import local_date
from shared.events.intake import IssueState

GRID_LEVEL, COMMUNITY_LEVEL, STREET_LEVEL = 1, 2, 3
_DROPPED = frozenset({IssueState.rejected, IssueState.withdrawn})

Mark: TypeAlias = tuple[str, datetime, bool]
# By the code of the figure and its day, as `K1 2026-03-05`: the form in which they are kept, so that nothing
# has to be read out of it before it is compared and summed up.
Marks: TypeAlias = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Call:
    """One try to reach the reporter."""

    at: datetime
    reached: bool
    solved: bool | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline that a figure asks for."""

    at: datetime
    command: str
    to_state: str


@dataclass(frozen=True, slots=True)
class HandUp:
    """One escalation that was sent."""

    sent_at: datetime
    due_ack: datetime | None
    acknowledged_at: datetime | None
    returned: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """One mediation that ended."""

    ended_at: datetime
    performed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that the figures ask of one issue; steps in their order."""

    state: str
    channel: str
    category: Category | None
    urgency: str | None
    max_level: int
    reopen_count: int
    reported_at: datetime
    accepted_at: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    due_accept: datetime | None
    due_respond: datetime | None
    due_resolve: datetime | None
    steps: Sequence[Step] = ()
    calls: Sequence[Call] = ()
    hand_ups: Sequence[HandUp] = ()
    settlements: Sequence[Settlement] = ()


def marks_of(case: Case, rules: KpiRules, zone: ZoneInfo) -> Marks:
    """Every figure's share of this issue by the local day on which it falls."""
    if case.state == IssueState.merged:
        return {}
    marks: Marks = {}
    for figure in _FIGURES:
        for code, at, counts in figure(case, rules, zone):
            both = marks.setdefault(f"{code} {local_date(at, zone)}", [0, 0])
            both[0] += counts
            both[1] += 1
    return marks


def figure_and_day(mark: str) -> tuple[str, date]:
    """What a mark is of."""
    code, _, day = mark.partition(" ")
    return code, date.fromisoformat(day)


def _taken_in(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    gone = case.state == IssueState.withdrawn and case.accepted_at is None
    withdrawn_at = max((step.at for step in case.steps if step.to_state == case.state), default=None)
    if not (gone and _in_time(withdrawn_at, case.due_accept)):
        yield "K1", case.reported_at, _in_time(case.accepted_at, case.due_accept)
    yield "K22", case.reported_at, case.channel in rules.found_by_us


def _handled(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    if case.responded_at is not None:
        yield "K2", case.responded_at, _in_time(case.responded_at, case.due_respond)
    waits = case.state == IssueState.suspended
    if case.due_resolve is not None and case.state not in _DROPPED and not waits:
        yield "K3", case.due_resolve, _in_time(case.resolved_at, case.due_resolve)
    if case.resolved_at is not None and _is_small(case):
        same_day = local_date(case.resolved_at, zone) == local_date(case.reported_at, zone)
        yield "K9", case.resolved_at, same_day


def _called(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    for call in case.calls:
        yield "K4u", call.at, not call.reached
        if call.reached:
            yield "K4", call.at, bool(call.solved)
            yield "K5", call.at, (call.rating or 0) >= rules.satisfied_from
            yield "K5b", call.at, (call.rating or 0) >= rules.basically_satisfied_from


def _verified(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    for number, step in enumerate(case.steps):
        if step.command == "verify":
            after = next((later for later in case.steps[number + 1 :] if _decides(later)), None)
            yield "K11", step.at, after is not None and after.command == "call-back"


def _closed(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    first = next((step.at for step in case.steps if step.to_state == IssueState.closed), None)
    if first is not None:
        yield "K10", first, case.reopen_count > 0
    if case.closed_at is None:
        return
    if _is_small(case):
        yield "K7", case.closed_at, case.max_level <= GRID_LEVEL
    elif case.category is None or case.category.level < STREET_LEVEL:
        yield "K8", case.closed_at, case.max_level <= COMMUNITY_LEVEL


def _settled(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    for settlement in case.settlements:
        yield "K12", settlement.ended_at, settlement.performed


def _handed_up(case: Case, rules: KpiRules, zone: ZoneInfo) -> Iterator[Mark]:
    for hand_up in case.hand_ups:
        yield "K21", hand_up.sent_at, _in_time(hand_up.acknowledged_at, hand_up.due_ack)
        yield "K21r", hand_up.sent_at, hand_up.returned


_FIGURES: tuple[Callable[[Case, KpiRules, ZoneInfo], Iterator[Mark]], ...] = (
    _taken_in, _handled, _called, _verified, _closed, _settled, _handed_up,
)  # fmt: skip


def _in_time(at: datetime | None, due: datetime | None) -> bool:
    return at is not None and due is not None and at <= due


def _is_small(case: Case) -> bool:
    return case.category is not None and is_small(case.urgency, case.category.level)


def _decides(step: Step) -> bool:
    # An unreached try leaves the issue where it was.
    return step.to_state != IssueState.verified or step.command == "verify"
