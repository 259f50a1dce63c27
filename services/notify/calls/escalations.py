"""Our copy of escalations, kept by version, and moved ahead by the answers that we accepted."""

from collections.abc import Sequence

from services.notify.models import Escalation, table_of
from services.notify.rules.subjects import concerns_street
from shared import bulk
from shared.events.intake import EscalationEvent
from shared.service import Work


async def keep_copies(events: Sequence[EscalationEvent], work: Work) -> None:
    """Keep the newest state of every escalation that goes up to a street office."""
    rows = [
        {
            "id": event.escalation.id,
            "issue_no": event.escalation.issue_no,
            "area_code": event.escalation.area_code,
            "state": event.escalation.state.value,
            "version": event.escalation.version,
        }
        for event in events
        if concerns_street(event.escalation)
    ]
    await bulk.upsert_newer(work.session, table_of(Escalation), rows, key="id")
