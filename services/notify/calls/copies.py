"""Our copies of escalations and issues, kept by version, and moved ahead by the words that we accepted."""

from collections.abc import Sequence

from services.notify.calls.models import IssueCopy, TimeAsked
from services.notify.models import Escalation, table_of
from services.notify.rules.subjects import STREET_LEVEL, concerns_street
from shared import bulk
from shared.events.intake import EscalationEvent, IssueEvent, IssueExtensionAsked
from shared.service import Work


async def keep_escalations(events: Sequence[EscalationEvent], work: Work) -> None:
    """Keep the newest state of every escalation that goes up to a street office."""
    rows = [
        {
            "id": event.escalation.id,
            "issue_no": event.escalation.issue_no,
            "area_code": event.escalation.area_code,
            "state": event.escalation.state.value,
            "type": event.escalation.type.value,
            "returns": event.escalation.returns,
            "due_ack": event.escalation.due_ack,
            "version": event.escalation.version,
        }
        for event in events
        if concerns_street(event.escalation)
    ]
    await bulk.upsert_newer(work.session, table_of(Escalation), rows, key="id")


async def keep_issues(events: Sequence[IssueEvent], work: Work) -> None:
    """Keep the newest state of every issue that was accepted."""
    rows = [
        {
            "id": event.issue.id,
            "no": event.issue.no,
            "area_code": event.issue.area_code,
            "state": event.issue.state.value,
            "version": event.issue.version,
        }
        for event in events
    ]
    await bulk.upsert_newer(work.session, table_of(IssueCopy), rows, key="id")


async def keep_askings(events: Sequence[IssueEvent], work: Work) -> None:
    """Keep whether the street is asked for time: the asking opens it, any decision ends it."""
    rows = [
        {
            "id": event.issue.id,
            "is_open": isinstance(event, IssueExtensionAsked) and event.to_level >= STREET_LEVEL,
            "version": event.issue.version,
        }
        for event in events
    ]
    await bulk.upsert_newer(work.session, table_of(TimeAsked), rows, key="id")
