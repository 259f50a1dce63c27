"""The watch: finds what is due by the index, and strikes each clock in a transaction of its own.

The timer stands on the row that it is about. Who strikes holds that row, looks again whether it is due, and
notes the next moment with the change: so each stroke comes once, over restarts and any number of replicas.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select

from services.intake.clocks.striking import strike
from services.intake.clocks.timers import WORDLESS
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import locked_pair
from services.intake.escalations.striking import strike_escalation
from services.intake.issues.models import Issue
from services.intake.mediation.models import Mediation
from services.intake.mediation.striking import strike_mediation
from shared.host import Host

Timed: TypeAlias = type[Issue] | type[Escalation] | type[Mediation]
POLL_S = 5.0
MOST, AT_ONCE = 200, 4


async def watch_clocks(host: Host) -> None:
    """Strike what is due, for good."""
    while True:
        if await strike_due(host) < MOST:
            await asyncio.sleep(POLL_S)


async def strike_due(host: Host) -> int:
    """Strike what is due now, the longest due first, and say how many rows there were.

    Where one fails the others are struck all the same, and the fault is raised after them.
    """
    found, faults = 0, list[BaseException]()
    for model, strike_one in _STRIKERS:
        due = await _due(host, model)
        found = max(found, len(due))
        for start in range(0, len(due), AT_ONCE):
            some = (strike_one(host, id) for id in due[start : start + AT_ONCE])
            done = await asyncio.gather(*some, return_exceptions=True)
            faults += [fault for fault in done if fault is not None]
    if faults:
        raise faults[0]
    return found


async def _due(host: Host, model: Timed) -> Sequence[UUID]:
    async with host.look() as work:
        query = select(model.id).where(model.timer_at <= work.now).order_by(model.timer_at).limit(MOST)
        return (await work.session.scalars(query)).all()


async def _strike_issue(host: Host, issue_id: UUID) -> None:
    async with host.work() as work:
        query = select(Issue).where(Issue.id == issue_id, Issue.timer_at <= work.now)
        # Who holds it strikes it, or moves it: either way it is looked at anew.
        held = query.options(*WORDLESS).with_for_update(skip_locked=True)
        issue = await work.session.scalar(held)
        if issue is not None:
            await strike(work, issue)


async def _strike_escalation(host: Host, escalation_id: UUID) -> None:
    async with host.work() as work:
        escalation, issue = await locked_pair(work, escalation_id)
        if escalation.timer_at is not None and escalation.timer_at <= work.now:
            strike_escalation(work, escalation, issue)


async def _strike_mediation(host: Host, mediation_id: UUID) -> None:
    async with host.work() as work:
        await strike_mediation(work, mediation_id)


_STRIKERS: Sequence[tuple[Timed, Callable[[Host, UUID], Awaitable[None]]]] = (
    (Issue, _strike_issue),
    (Escalation, _strike_escalation),
    (Mediation, _strike_mediation),
)
