"""What partner units promise and bring for an issue: noted on its timeline, and nothing else changes."""

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Table, select
from uuid_utils.compat import uuid7

from services.intake.issues.models import Issue, TimelineEntry
from shared import bulk
from shared.events.partners import (
    PledgeCancelled,
    PledgeConfirmed,
    PledgeDelivered,
    PledgeEvent,
    PledgeMade,
)
from shared.service import Work

TIMELINE = cast(Table, TimelineEntry.__table__)
COMMANDS: Mapping[type[PledgeEvent], str] = {
    PledgeMade: "help-promised",
    PledgeDelivered: "help-delivered",
    PledgeConfirmed: "help-confirmed",
    PledgeCancelled: "help-cancelled",
}


async def note_pledges(work: Work, events: Sequence[PledgeEvent]) -> None:
    """One line for each promise and delivery; a need that did not come from an issue has no timeline here."""
    wanted = {event.pledge.issue_id for event in events if event.pledge.issue_id is not None}
    found = await work.session.execute(
        select(Issue.id, Issue.version, Issue.state).where(Issue.id.in_(wanted))
    )
    issues = {row.id: row for row in found}
    lines: list[dict[str, object]] = []
    for event in events:
        issue = issues.get(event.pledge.issue_id)
        if issue is not None:
            line: dict[str, object] = {
                "id": uuid7(),
                "issue_id": issue.id,
                "version": issue.version,
                "at": work.envelope(event).occurred_at,
                "actor": f"unit:{event.pledge.unit_code}",
                "role": "partner",
                "command": COMMANDS[type(event)],
                "from_state": issue.state,
                "to_state": issue.state,
                "data": _data(event),
            }
            lines.append(line)
    await bulk.insert(work.session, TIMELINE, lines)


def _data(event: PledgeEvent) -> dict[str, object]:
    pledge = event.pledge
    return {
        "pledge_id": str(pledge.id),
        "help_no": pledge.help_no,
        "quantity": pledge.quantity,
        "delivered_quantity": pledge.delivered_quantity,
    }
