"""What makes a household red at once: sudden events that intake tells of, and what staff see themselves."""

from datetime import datetime
from uuid import UUID, uuid5

from services.grid.households.colouring import SUDDEN_EVENT, recolour
from services.grid.households.models import AlarmRow, Household
from services.grid.households.rules import ColourRules
from services.grid.rows import table_of
from shared import bulk
from shared.errors import FieldError, Invalid
from shared.events.intake import IssueAccepted, Urgency
from shared.service import Work


async def heed_sudden_event(work: Work, event: IssueAccepted) -> None:
    """Turn the households struck red; one that is not known yet finds its alarm when it is entered."""
    issue, rules = event.issue, work.part(ColourRules)
    if issue.urgency is not Urgency.U0 and issue.category not in rules.sudden_categories:
        return
    for code in sorted(set(event.households)):
        alarm_id = uuid5(issue.id, f"alarm/{code}")
        if not await _enter(work, alarm_id, code, SUDDEN_EVENT, at=issue.reported_at, issue_id=issue.id):
            continue
        household = await work.session.get(Household, code, with_for_update=True)
        if household is not None:
            await _turn_red(work, household, reason=f"issue {issue.no}")


async def raise_alarm(work: Work, household: Household, kind: str, at: datetime, *, reason: str) -> bool:
    """Put down by hand what makes a locked household red; False where the same was put down before."""
    known = work.part(ColourRules).hard_red_days
    if kind not in known:
        message = f"must be one of {', '.join(known)}"
        raise Invalid(f"kind {message}", fields=[FieldError("kind", message)])
    if at > work.now:
        raise Invalid("at lies in the future", fields=[FieldError("at", "must not lie in the future")])
    alarm_id = uuid5(household.id, f"alarm/{kind}/{at.isoformat()}")
    new = await _enter(work, alarm_id, household.code, kind, at=at)
    if new:
        await _turn_red(work, household, reason=reason)
    return new


async def _turn_red(work: Work, household: Household, *, reason: str) -> None:
    # Who set a colour by hand did so without knowing of this.
    household.override_colour = household.override_until = None
    await recolour(work, household, reason=reason)


async def _enter(
    work: Work, alarm_id: UUID, household_code: str, kind: str, *, at: datetime, issue_id: UUID | None = None
) -> bool:
    row = {"id": alarm_id, "household_code": household_code, "issue_id": issue_id, "kind": kind, "at": at}
    return bool(await bulk.insert_new(work.session, table_of(AlarmRow), [row], key="id"))
