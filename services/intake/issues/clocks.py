"""When an issue is due (domain.md §4): pure reckoning on the wall clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.catalogue import Category
from services.intake.limits import Limits
from shared.events.intake import Urgency

SMALL_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Due:
    """Until when the handler must have made contact, and until when it must be done."""

    respond: datetime
    resolve: datetime


def due_accept(urgency: Urgency, reported_at: datetime, limits: Limits) -> datetime:
    """Until when somebody must have said that the matter is ours."""
    return reported_at + timedelta(minutes=limits.accept_minutes[urgency])


def due_after_acceptance(category: Category, urgency: Urgency, accepted_at: datetime, limits: Limits) -> Due:
    """The hours of the category hold; where somebody set another urgency, the table of urgencies does."""
    if urgency == category.urgency:
        respond, resolve = timedelta(hours=category.respond_hours), timedelta(hours=category.resolve_hours)
    else:
        respond = timedelta(minutes=limits.respond_minutes[urgency])
        small = is_small(urgency, category.first_level)
        resolve = timedelta(hours=limits.small_resolve_hours if small else limits.resolve_hours[urgency])
    return Due(accepted_at + respond, accepted_at + resolve)


def is_small(urgency: str | None, level: int) -> bool:
    """小事: an ordinary matter that begins in the grid (domain.md §8, K7)."""
    return urgency == Urgency.U2 and level <= SMALL_LEVEL
