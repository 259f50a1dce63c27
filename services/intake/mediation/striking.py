"""What a mediation is looked at for: the month that it has, each duty on its day, the looks afterwards.

The timer stands on the row, as with issues (decision 0013). Each step sets it to now, since its duties and
looks stand in other tables: who strikes finds out what lies ahead.
"""

from datetime import datetime, timedelta
from uuid import UUID

from services.intake.issues.clocks import Clocks
from services.intake.issues.models import Issue
from services.intake.issues.record import Note
from services.intake.mediation.models import Mediation
from services.intake.mediation.rules import SEEKING
from services.intake.mediation.steps import (
    follow_ups_of,
    instalments_of,
    jot_step,
    locked_with_issue,
    snapshot_of,
)
from shared.clock import local_midnight
from shared.events.intake import Awaited, MediationDue, MediationState
from shared.service import Work


async def strike_mediation(work: Work, mediation_id: UUID) -> None:
    """Tell what is due, each thing once, in the transaction that notes it."""
    mediation, issue = await locked_with_issue(work, mediation_id)
    if mediation.timer_at is None or mediation.timer_at > work.now:
        return
    ahead = await _moments(work, mediation)
    # What lies ahead again, since all parties gave it more time, has not been told yet.
    heard = [name for name in mediation.fired if name not in ahead or ahead[name] <= work.now]
    for at, name in sorted((at, name) for name, at in ahead.items() if name not in heard and at <= work.now):
        heard.append(name)
        _tell(work, mediation, issue, name, at)
    mediation.fired = heard
    mediation.timer_at = min((at for name, at in ahead.items() if name not in heard), default=None)


def _tell(work: Work, mediation: Mediation, issue: Issue, name: str, at: datetime) -> None:
    awaited, _, no = name.partition(".")
    mediation.version += 1
    note = Note(reason_code=awaited, data={"no": int(no), "due_at": at.isoformat()})
    jot_step(work, mediation, issue, "due", mediation.state, note=note)
    told = snapshot_of(mediation)
    work.emit(MediationDue(mediation=told, awaited=Awaited(awaited), no=int(no), due_at=at))


async def _moments(work: Work, mediation: Mediation) -> dict[str, datetime]:
    """What is awaited in its state, under its name and number, and when it is due."""
    if mediation.state in SEEKING:
        return {f"{Awaited.agreement}.{mediation.no}": mediation.due_at}
    if mediation.state == MediationState.performance_due:
        zone, day = work.part(Clocks).zone, timedelta(days=1)
        return {
            f"{Awaited.performance}.{duty.no}": local_midnight(duty.due_on + day, zone)
            for duty in await instalments_of(work, mediation.id)
            if duty.performed_on is None
        }
    if mediation.state in {MediationState.performed, MediationState.follow_up_ok}:
        looks = await follow_ups_of(work, mediation.id)
        return {f"{Awaited.follow_up}.{look.no}": look.due_at for look in looks if look.done_at is None}
    return {}
