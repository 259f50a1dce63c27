"""What notify tells the others: what a street office said, and how its endpoint fares."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.events.base import Event, Part, Snapshot


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


class StreetDepartmentAssigned(StreetEvent, type="notify.street.department_assigned.v1"):
    """The office gave the escalation to one of its departments; `unit` is that department's name or code."""

    unit: str
    due: datetime | None


class StreetCheckedIn(StreetEvent, type="notify.street.checked_in.v1"):
    """A unit that was called by a whistle has come (吹哨报到)."""

    unit: str
    at: datetime


class ReliefGoods(Part):
    """One kind of goods that was given, counted in `measure`."""

    what: str
    quantity: int
    measure: str = "piece"


class StreetReliefGiven(StreetEvent, type="notify.street.relief_given.v1"):
    """An office gave relief: `office` is who, `form` how; an amount is sealed for partners alone."""

    office: str
    at: datetime
    form: Literal["money", "goods", "referral"]
    goods: tuple[ReliefGoods, ...] = ()
    amount_sealed: str | None = None
    text: str = ""


class StreetRecallConfirmed(StreetEvent, type="notify.street.recall_confirmed.v1"):
    """The office knows that the community took the escalation back."""

    at: datetime


class StreetCloseConfirmed(StreetEvent, type="notify.street.close_confirmed.v1"):
    """For the office nothing is left to do on the escalation."""

    at: datetime


class StreetIssueEvent(Event, about="inbound"):
    """Anything that a street office says of an issue, handed up or not."""

    inbound: InboundSnapshot
    issue_id: UUID
    issue_no: str


class StreetSupervised(StreetIssueEvent, type="notify.street.supervised.v1"):
    """The office puts the issue under its supervision (督办): `level` 1 is the mildest, 3 the strictest."""

    level: int
    due: datetime
    text: str


class StreetReminded(StreetIssueEvent, type="notify.street.reminded.v1"):
    """The office asks for haste (催办)."""

    text: str


class StreetExtensionDecided(StreetIssueEvent, type="notify.street.extension_decided.v1"):
    """The office gives the time that was asked for, up to `new_due` where it names one, or gives none."""

    granted: bool
    new_due: datetime | None
    text: str


class StreetEvaluated(StreetIssueEvent, type="notify.street.evaluated.v1"):
    """The office judges how the issue was dealt with: `score` is 1 to 5."""

    score: int
    text: str


class StreetDispatched(Event, type="notify.street.dispatched.v1", about="inbound"):
    """The office puts a matter on the community (上级交办), under its own number and to its own date.

    `category` is ours, where theirs is known; `reporter_ref` means somebody to the office alone.
    """

    inbound: InboundSnapshot
    area_code: str
    street_no: str
    title: str
    text: str
    category: str | None
    their_category: str
    urgency: Literal["U0", "U1", "U2", "U3"] | None
    due: datetime
    reporter_ref: str | None


class EndpointSnapshot(Snapshot):
    """A street office's endpoint, and the area that it is told of."""

    office: str
    state: str
    area_code: str | None = None


class EndpointDisabled(Event, type="notify.endpoint.disabled.v1", about="endpoint"):
    """Deliveries to the endpoint are held until it is enabled again."""

    endpoint: EndpointSnapshot
    reason: str


class EndpointWarned(Event, type="notify.endpoint.warned.v1", about="endpoint"):
    """Nothing has reached the endpoint since then; once the time is over it is disabled.

    `percent` of the time is over, `failures` tries failed in it.
    """

    endpoint: EndpointSnapshot
    percent: int
    failing_since: datetime
    failures: int


class EndpointRecovered(Event, type="notify.endpoint.recovered.v1", about="endpoint"):
    """The endpoint takes messages again, after it was warned of or disabled for failing."""

    endpoint: EndpointSnapshot


class DeliverySnapshot(Snapshot):
    """One message for one endpoint; `webhook_id` is the id that its receiver knows."""

    endpoint_id: UUID
    office: str
    area_code: str
    webhook_id: str
    type: str
    last_status: int | None


class DeliveryExhausted(Event, type="notify.delivery.exhausted.v1", about="delivery"):
    """The last try failed too; the message is kept and can be sent again."""

    delivery: DeliverySnapshot
