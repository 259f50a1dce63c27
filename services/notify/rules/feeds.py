"""What street offices are told: one line an event of ours, with the type under which it goes out.

Nothing here names a person. `pii` says how near a message comes to one: `none` for codes and counts,
`masked` for texts that were checked to hold no numbers of persons, `reference` where only an authorised
pull from us tells who is meant.
"""

import inspect
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

import orjson
from pydantic import BaseModel

from services.notify.rules.filters import matches
from services.notify.rules.subjects import Facts, Subject, concerns_street
from shared.events import Event, grid, intake, partners
from shared.events.intake import EscalationSent, EscalationType

TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Feed:
    """How one event is told: its type outside, and which of its fields go beside the state of its subject."""

    event: type[Event]
    type: str
    adds: tuple[str, ...] = ()
    pii: str = "none"

    @property
    def description(self) -> str:
        """The first sentence of the contract."""
        return (inspect.getdoc(self.event) or "").splitlines()[0]


def _fields(names: str, of: str = "") -> tuple[str, ...]:
    return tuple(of + name for name in names.split())


_DOSSIER = _fields("facts tried why_not_here ask deadline evidence_ids evidence_links", of="dossier.")
_WHISTLE = (*_DOSSIER, "dossier.place", "escalation.due_ack")
_RELIEF = (*_DOSSIER, "dossier.need_kind", "dossier.household_size")
_HELP = _fields("no kind tags quantity unit needed_by public_text", of="help.")
_SLA = _fields("clock due_at used_percent")
_EMERGENCY = _fields("report_no stage place casualties damage trend actions called on_site_lead")

FEEDS = (
    Feed(intake.IssueReported, "issue.reported"),
    Feed(intake.IssueAccepted, "issue.accepted", ("automatic",)),
    Feed(intake.IssueRejected, "issue.rejected", ("reason_code",)),
    Feed(intake.IssueMerged, "issue.merged", ("master_id", "master_no")),
    Feed(intake.IssueAssigned, "issue.assigned", ("automatic",)),
    Feed(intake.IssueDeclined, "issue.declined", ("reason_code",)),
    Feed(intake.IssueResponded, "issue.responded"),
    Feed(intake.IssueSuspended, "issue.suspended", ("reason_code", "until")),
    Feed(intake.IssueResumed, "issue.resumed"),
    Feed(intake.IssueEscalated, "issue.escalated", ("escalation_id",)),
    Feed(intake.IssueReturned, "issue.returned", ("escalation_id", "reason_code")),
    Feed(intake.IssueResolved, "issue.resolved", ("evidence_count",)),
    Feed(intake.IssueReworked, "issue.reworked", ("reason_code",)),
    Feed(intake.IssueVerified, "issue.verified"),
    Feed(intake.IssueClosed, "issue.closed", ("reached", "solved", "rating", "closed_at")),
    Feed(intake.IssueReopened, "issue.reopened", ("reason_code",)),
    Feed(intake.IssueWithdrawn, "issue.withdrawn"),
    Feed(intake.IssueKeptOpen, "issue.kept_open"),
    Feed(intake.IssueHelpRequested, "issue.help_requested", _HELP),
    Feed(intake.IssueUnmerged, "issue.unmerged", ("master_id",)),
    Feed(intake.IssueRecategorised, "issue.recategorised", ("from_category", "from_urgency")),
    Feed(intake.IssueCopied, "issue.copied", ("to_level", "target")),
    Feed(intake.IssueSplit, "issue.split", ("parts",)),
    Feed(intake.IssueExtensionAsked, "issue.extension_asked", ("to_level", "until", "reason_code")),
    Feed(intake.IssueExtended, "issue.extended", ("due_before",)),
    Feed(intake.IssueRescheduled, "issue.rescheduled", ("due_before",)),
    Feed(intake.IssueExtensionRefused, "issue.extension_refused"),
    Feed(intake.IssueDispatched, "issue.dispatched", ("street_no", "reporter_ref", "off_list")),
    Feed(intake.IssueSupervised, "issue.supervised", ("grade", "due", "by")),
    Feed(intake.IssueReminded, "issue.reminded", ("by",)),
    Feed(intake.IssueEvaluated, "issue.evaluated", ("score", "by")),
    Feed(intake.SlaWarned, "issue.sla_warning", _SLA),
    Feed(intake.SlaBreached, "issue.sla_breached", (*_SLA, "minutes_late")),
    Feed(intake.SlaEscalated, "issue.sla_escalated", (*_SLA, "from_level", "to_level", "escalation_id")),
    Feed(intake.EmergencyReportFiled, "issue.emergency", _EMERGENCY, "masked"),
    Feed(EscalationSent, "escalation.requested", _DOSSIER, "masked"),
    Feed(intake.EscalationAcknowledged, "escalation.acknowledged", ("street_no",)),
    Feed(intake.EscalationProgressed, "escalation.progressed"),
    Feed(intake.EscalationDepartmentAssigned, "escalation.department_assigned", ("unit", "due")),
    Feed(intake.EscalationCheckedIn, "escalation.checked_in", ("unit", "at", "late")),
    Feed(intake.EscalationReliefGiven, "escalation.relief_given", ("office", "given_at", "form", "goods")),
    Feed(intake.EscalationReturned, "escalation.returned", ("reason_code",)),
    Feed(intake.EscalationReplied, "escalation.replied", ("outcome_code",)),
    Feed(intake.EscalationReminded, "escalation.reminded", ("awaited", "reminder_no")),
    Feed(intake.EscalationExpired, "escalation.expired"),
    Feed(intake.EscalationRecalled, "escalation.recalled"),
    Feed(intake.EscalationClosed, "escalation.closed"),
    Feed(intake.KpiDayCounted, "kpi.daily"),
    Feed(intake.KpiMonthCounted, "kpi.monthly"),
    Feed(partners.NeedPublished, "need.published"),
    Feed(partners.NeedFulfilled, "need.fulfilled"),
    Feed(partners.NeedWithdrawn, "need.withdrawn"),
    Feed(partners.NeedClosed, "need.closed"),
    Feed(partners.MatchProposed, "match.proposed"),
    Feed(partners.MatchOffered, "match.offered"),
    Feed(partners.MatchAccepted, "match.accepted"),
    Feed(partners.MatchDeclined, "match.declined", ("reason",)),
    Feed(partners.MatchLapsed, "match.lapsed"),
    Feed(partners.PledgeMade, "pledge.made"),
    Feed(partners.PledgeContacted, "pledge.contacted"),
    Feed(partners.PledgeScheduled, "pledge.scheduled", ("scheduled_for",)),
    Feed(partners.PledgeNoShow, "pledge.no_show"),
    Feed(partners.PledgeDelivered, "pledge.delivered"),
    Feed(partners.PledgeDisputed, "pledge.disputed", ("reason",)),
    Feed(partners.PledgeConfirmed, "partner.delivery_confirmed"),
    Feed(partners.PledgeCancelled, "pledge.cancelled", ("reason", "late")),
    Feed(partners.UnitAgreementExpiring, "partner.agreement_expiring"),
    Feed(partners.CasesCounted, "assistance.case_counts"),
    Feed(grid.RiskSummaryCounted, "household.risk_summary"),
)
# An escalation that is sent goes out under the name of what it asks for.
SENT_AS = {
    EscalationType.whistle: Feed(EscalationSent, "escalation.whistle", _WHISTLE, "masked"),
    EscalationType.relief_request: Feed(EscalationSent, "escalation.relief_requested", _RELIEF, "reference"),
}
# Names that the street's contract (domain.md §9) has for fields of ours.
_OUTSIDE = {
    "called": "caller_of_119",
    "by": "office",
    "escalation.due_ack": "check_in_by",
    "dossier.household_size": "household_size_band",
    "dossier.evidence_ids": "evidence",
    "help.no": "help_no",
    "help.unit": "measure",
}
_FEEDS = {feed.event: feed for feed in FEEDS}


def told() -> dict[str, Feed]:
    """Every type that a street office may subscribe to."""
    return {feed.type: feed for feed in (*FEEDS, *SENT_AS.values())}


def feed_of(event: Event) -> Feed | None:
    """How this event is told, or None where it is no affair of a street office."""
    if isinstance(event, intake.EscalationEvent) and not concerns_street(event.escalation):
        return None
    if isinstance(event, EscalationSent):
        return SENT_AS.get(event.escalation.type, _FEEDS[EscalationSent])
    return _FEEDS.get(type(event))


@lru_cache(maxsize=256)
def types_told_as(patterns: tuple[str, ...]) -> frozenset[str]:
    """The types of our events that go out under a type which fits one of the patterns."""
    return frozenset(feed.event.type for feed in (*FEEDS, *SENT_AS.values()) if matches(patterns, feed.type))


def name_of(event: Event) -> str:
    """The `subject` of the message about an event: the aggregate, by kind and id."""
    return f"{event.about}/{event.snapshot.id}"


def write(
    event: Event, feed: Feed, subject: Subject, *, webhook_id: str, occurred_at: datetime, public_url: str
) -> bytes:
    """Write what is said about an event, in the form that is Standard Webhooks and CloudEvents at once.

    It is said once and for all receivers: the body never changes, however often it is sent.
    """
    data: Facts = {
        **subject.facts,
        **_additions(event, feed.adds),
        "pii": feed.pii,
        "links": {
            name: f"{public_url}/{path}" for name, path in {"self": subject.path, **subject.links}.items()
        },
    }
    name, sequence = name_of(event), event.snapshot.version
    return body_of(
        feed.type, webhook_id, occurred_at, data, public_url=public_url, subject=name, sequence=sequence
    )


def write_test(area_code: str, *, webhook_id: str, at: datetime, public_url: str) -> bytes:
    """The body of a test message to an endpoint for that area."""
    data: Facts = {"area_code": area_code, "pii": "none"}
    return body_of(TEST, webhook_id, at, data, public_url=public_url, subject="webhook/test", sequence=1)


def body_of(
    type: str,
    webhook_id: str,
    occurred_at: datetime,
    data: Facts,
    *,
    public_url: str,
    subject: str,
    sequence: int,
) -> bytes:
    """Serialise: `type`, `timestamp`, `data` for Standard Webhooks, the rest for CloudEvents 1.0.

    `sequence` is padded with zeros, so that comparing text compares numbers; it rises with each change of
    the subject.
    """
    return orjson.dumps({
        "specversion": "1.0",
        "id": webhook_id,
        "source": "/notify",
        "type": type,
        "time": occurred_at,
        "timestamp": occurred_at,
        "subject": subject,
        "sequence": f"{sequence:012d}",
        "datacontenttype": "application/json",
        "dataschema": f"{public_url}/notify/v1/event-types/{type}",
        "data": data,
    })


def _additions(event: Event, names: tuple[str, ...]) -> Facts:
    return {_OUTSIDE.get(name, name.rpartition(".")[2]): _plain(attrgetter(name)(event)) for name in names}


def _plain(value: object) -> object:
    """A part of an event as JSON knows it, or a list of them."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
