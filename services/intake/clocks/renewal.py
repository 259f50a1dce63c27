"""The calendar of a year is published: what was reckoned by its provisional days is reckoned anew.

The State Council names the swapped days of a year only in the November before (domain.md §4). A process knows
one edition of the calendar from its start to its end, and a row names the edition by which it is due; so what
is out of date is found by an index that holds nothing else. Dates that people agreed on stay as they are: the
street's, and those of an extension.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from services.intake.catalogue import Catalogue
from services.intake.clocks.timers import WORDLESS, set_timer
from services.intake.escalations.clocks import due_ack
from services.intake.escalations.clocks import set_timer as set_escalation_timer
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import locked_pair
from services.intake.extensions.commands import time_given
from services.intake.issues.clocks import Clocks, Running, due_accept, due_after_acceptance
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.issues.record import Note, is_in, jot, move
from shared.events.intake import IssueRescheduled, IssueState, Urgency
from shared.host import Host
from shared.service import Work

EVERY_S, MOST = 3600.0, 200
COMMAND = "reckon-anew"
_DATES = ("due_accept", "due_respond", "due_interim", "due_resolve")
log = logging.getLogger(__name__)


async def keep_to_calendar(host: Host) -> None:
    """Look at the start, and each hour, for what another process still reckoned by an older edition."""
    while True:
        renewed = await reckon_anew(host)
        if renewed:
            log.info("%d due times were reckoned anew by the calendar that is known now", renewed)
        await asyncio.sleep(EVERY_S)


async def reckon_anew(host: Host) -> int:
    """Reckon anew all that is due by another edition than ours, each row in a transaction, and count it."""
    found = 0
    for model, renew in ((Issue, _renew_issue), (Escalation, _renew_escalation)):
        while ids := await _outdated(host, model):
            for one in ids:
                async with host.work() as work:
                    await renew(work, one)
            found += len(ids)
    return found


async def _outdated(host: Host, model: type[Issue] | type[Escalation]) -> Sequence[UUID]:
    async with host.look() as work:
        mark = model.provisional_edition
        query = select(model.id).where(mark.is_not(None), mark != _edition(work)).limit(MOST)
        return (await work.session.scalars(query)).all()


def _edition(work: Work) -> str:
    return work.part(Clocks).calendar.edition


async def _renew_issue(work: Work, issue_id: UUID) -> None:
    query = select(Issue).where(Issue.id == issue_id, Issue.provisional_edition != _edition(work))
    issue = await work.session.scalar(query.options(*WORDLESS).with_for_update())
    if issue is None:
        return
    before = {name: getattr(issue, name) for name in _DATES}
    await _reckon(work, issue)
    moved: dict[str, object] = {
        name: {"from": _said(before[name]), "to": _said(getattr(issue, name))}
        for name in _DATES
        if getattr(issue, name) != before[name]
    }
    if not moved:
        set_timer(work, issue)
        return
    snapshot = move(work, issue, COMMAND, issue.state, Note(data=moved))
    work.emit(IssueRescheduled(issue=snapshot, due_before=before["due_resolve"]))


async def _reckon(work: Work, issue: Issue) -> None:
    clocks, category = work.part(Clocks), work.part(Catalogue).find(issue.category)
    urgency = Urgency(issue.urgency or Urgency.U2)
    began = issue.clock_began_at or issue.accepted_at
    if began is None:
        issue.due_accept = due_accept(urgency, issue.reported_at, clocks)
    elif category is not None and issue.resolved_at is None:
        running = clocks.running(urgency)
        due = due_after_acceptance(category, urgency, began, clocks)
        paused = await _waited(work, issue, running) if issue.paused_s else timedelta()
        issue.paused_s = int(paused.total_seconds())
        if is_in(issue, IssueState.accepted, IssueState.assigned):
            issue.due_respond = due.respond
        if issue.interim_at is None:
            issue.due_interim = running.add(due.interim, paused)
        if not issue.due_fixed and not await time_given(work, issue):
            issue.due_resolve = running.add(due.resolve, paused)


async def _waited(work: Work, issue: Issue, running: Running) -> timedelta:
    """The running time of the waits since the clock began, each from its suspension to its end."""
    line = TimelineEntry
    query = select(line.at, line.command, line.data).where(
        line.issue_id == issue.id,
        line.command.in_(("suspend", "resume")),
        line.at >= (issue.clock_began_at or issue.accepted_at),
    )
    whole, stood, until = timedelta(), None, None
    for row in await work.session.execute(query.order_by(line.id)):
        if row.command == "suspend":
            stood, until = row.at, row.data.get("until")
        elif stood is not None:
            end = row.at if until is None else min(row.at, datetime.fromisoformat(until))
            whole, stood = whole + running.between(stood, end), None
    return whole


async def _renew_escalation(work: Work, escalation_id: UUID) -> None:
    escalation, issue = await locked_pair(work, escalation_id)
    if escalation.provisional_edition in {None, _edition(work)}:
        return
    before = escalation.due_ack
    if escalation.sent_at is not None and escalation.ended_at is None:
        escalation.due_ack = due_ack(escalation, escalation.sent_at, work.part(Clocks))
    set_escalation_timer(work, escalation, issue)
    if escalation.due_ack != before:
        moved: dict[str, object] = {"from": _said(before), "to": _said(escalation.due_ack)}
        jot(work, issue, COMMAND, Note(data={"escalation_id": str(escalation.id), "due_ack": moved}))


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
