"""Reading escalations: one, and lists."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from services.intake.cursors import id_of
from services.intake.escalations.models import Escalation
from services.intake.issues.complaints import hold_off, open_to
from services.intake.issues.models import Issue
from shared.errors import Absent
from shared.service import Work
from shared.web import Page


async def read_escalation(work: Work, escalation_id: UUID) -> Escalation:
    """One escalation. Raises `Absent`, `Forbidden`."""
    escalation = await work.session.get(Escalation, escalation_id)
    if escalation is None:
        raise Absent("there is no such escalation")
    hold_off(work, await work.session.get_one(Issue, escalation.issue_id))
    work.permit(escalation.area_code)
    return escalation


async def list_escalations(
    work: Work, page: Page[str], *, state: str | None, kind: str | None, issue_id: UUID | None
) -> Sequence[Escalation]:
    """The newest first, `limit + 1` of them, within the caller's areas."""
    areas = [Escalation.area_code.between(area, area.ljust(18, "9")) for area in work.areas()]
    query = select(Escalation).join(Issue, Issue.id == Escalation.issue_id)
    query = query.where(or_(False, *areas), *open_to(work))
    for column, value in (
        (Escalation.state, state),
        (Escalation.type, kind),
        (Escalation.issue_id, issue_id),
    ):
        if value is not None:
            query = query.where(column == value)
    after = id_of(page.after)
    if after is not None:
        query = query.where(Escalation.id < after)
    return (await work.session.scalars(query.order_by(Escalation.id.desc()).limit(page.limit + 1))).all()
