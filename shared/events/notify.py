"""What notify tells the others: what a street office answered, and how its endpoint fares."""

from datetime import datetime
from uuid import UUID

from shared.events.base import Event, Snapshot


class InboundSnapshot(Snapshot):
    """One signed call of a street office: `source` is its code, `webhook_id` its own id of the call."""

    source: str
    webhook_id: str
    received_at: datetime


class StreetEvent(Event, about="inbound"):
    """Any answer of a street office to an escalation."""

    inbound: InboundSnapshot
    escalation_id: UUID
    issue_no: str


class StreetAcknowledged(StreetEvent, type="notify.street.acknowledged.v1"):
    """The office took the escalation under its own number."""

    street_no: str | None
    at: datetime


class StreetReturned(StreetEvent, type="notify.street.returned.v1"):
    """The office hands the escalation back; `by_leader` marks the street leader's own word."""

    reason_code: str
    text: str
    by_leader: bool = False


class StreetProgressed(StreetEvent, type="notify.street.progressed.v1"):
    """The office reports that it is working on it."""

    text: str


class StreetReplied(StreetEvent, type="notify.street.replied.v1"):
    """The office answers in substance; `needs_community_action` sends the issue back to work."""

    outcome_code: str
    text: str
    needs_community_action: bool


class EndpointSnapshot(Snapshot):
    """A street office's endpoint."""

    office: str
    state: str


class EndpointDisabled(Event, type="notify.endpoint.disabled.v1", about="endpoint"):
    """Deliveries to the endpoint are held until it is enabled again."""

    endpoint: EndpointSnapshot
    reason: str
