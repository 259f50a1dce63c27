"""The clocks of an issue, set and moved in the transaction that changes it."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy.orm import defer

from services.intake.catalogue import Category
from services.intake.clocks.timetable import Standing, Stroke, strokes
from services.intake.issues.clocks import Clocks, due_after_acceptance
from services.intake.issues.models import Issue
from shared.events.intake import Urgency
from shared.service import Work

# No clock reads what people wrote, so nothing of it is decrypted.
WORDLESS = tuple(defer(column, raiseload=True) for column in (Issue.title, Issue.text, Issue.place))
_FACTS = tuple(field.name for field in fields(Standing))


def standing_of(issue: Issue) -> Standing:
    """The issue as its clocks see it."""
    return Standing(**{name: getattr(issue, name) for name in _FACTS})


def set_timer(work: Work, issue: Issue) -> None:
    """Note when the issue has to be looked at next, and whether that may still move with the calendar.

    A stroke that lies ahead again has not been heard yet.
    """
    standing, clocks = standing_of(issue), work.part(Clocks)
    ahead = strokes(standing, clocks)
    issue.fired = [name for name in issue.fired if name not in ahead or ahead[name].at <= work.now]
    issue.timer_at = min((one.at for one in ahead.values() if one.name not in issue.fired), default=None)
    began = standing.began or standing.reported_at
    last = max((max(one.at, one.due) for one in ahead.values()), default=began)
    issue.provisional_edition = clocks.running(issue.urgency).provisional(began, last)


def due_strokes(work: Work, issue: Issue) -> list[Stroke]:
    """The strokes that are due and were not heard yet, the oldest first."""
    known = strokes(standing_of(issue), work.part(Clocks)).values()
    due = [stroke for stroke in known if stroke.at <= work.now and stroke.name not in issue.fired]
    return sorted(due, key=lambda stroke: (stroke.at, stroke.percent))


def start_clocks(work: Work, issue: Issue, category: Category, urgency: Urgency) -> None:
    """Let the clocks of the work begin now: at acceptance, and anew when the issue is reopened."""
    due = due_after_acceptance(category, urgency, work.now, work.part(Clocks))
    issue.clock_began_at, issue.paused_s, issue.interim_at, issue.due_fixed = work.now, 0, None, False
    issue.due_respond, issue.due_interim, issue.due_resolve = due.respond, due.interim, due.resolve


def run_on(work: Work, issue: Issue) -> None:
    """Let the clocks run again after a suspension: what is due moves by the time that was waited.

    A wait ends at the moment that was set for it, even where nobody looks until later.
    """
    stood = issue.suspended_at or work.now
    resumed = min(work.now, issue.suspended_until or work.now)
    running = work.part(Clocks).running(issue.urgency)
    pause = running.between(stood, resumed)

    def later(due: datetime | None) -> datetime | None:
        return None if due is None else running.add(due, pause)

    issue.paused_s += int(pause.total_seconds())
    issue.due_interim, issue.due_resolve = later(issue.due_interim), later(issue.due_resolve)
    issue.suspended_at = issue.suspended_until = None
