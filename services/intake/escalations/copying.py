"""An information copy to the level that a category names (domain.md §3), where it is no emergency.

It is none of the four askings: an `emergency_notice` belongs to U0 and its reports, and each asking has
somebody who has to acknowledge it, counts in K21, and may be returned. A copy asks for nothing. So it is a
line of the timeline and an event, and the issue stays where it is, at the level where it is.
"""

from services.intake.catalogue import Category
from services.intake.escalations.record import target_of
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, move
from shared.events.intake import IssueCopied, Urgency
from shared.service import Work


def copy_upwards(work: Work, issue: Issue, category: Category) -> None:
    """Let the level that the category names know of it; of an emergency it hears by its first report."""
    level = category.notice_level
    if level is None or issue.urgency == Urgency.U0:
        return
    target = target_of(issue, level)
    snapshot = move(work, issue, "copy", issue.state, Note(data={"to_level": level, "target": target}))
    work.emit(IssueCopied(issue=snapshot, to_level=level, target=target))
