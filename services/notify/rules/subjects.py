"""The state of what a message is about, in the words of the street's contract: codes, levels and clocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.notify.rules.filters import About
from shared.events import Event
from shared.events.grid import RiskSummaryCounted
from shared.events.intake import EscalationEvent, EscalationSnapshot, EscalationType, IssueEvent, KpiEvent
from shared.events.partners import CasesCounted, MatchEvent, NeedEvent, PledgeEvent, UnitAgreementExpiring

# JSON to be: what orjson writes by itself. Nothing reads it again but the receiver.
Facts = Mapping[str, object]

STREET_DIGITS, GRID_DIGITS = 9, 15
STREET_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about: `path` leads to it in our API, `facts` is its state.

    `links` are further paths by what they lead to.
    """

    path: str
    about: About
    facts: Facts
    links: Mapping[str, str] = field(default_factory=dict)


def subject_of(event: Event, type: str) -> Subject:
    """Say what an event is about. Raises TypeError for one that street offices are never told."""
    subject = _of_the_loop(event, type) or _of_help(event, type)
    if subject is not None:
        return subject
    raise TypeError(f"{event.type} is nothing that street offices are told")


def _of_the_loop(event: Event, type: str) -> Subject | None:
    match event:
        case IssueEvent():
            return _issue(event, type)
        case EscalationEvent():
            return _escalation(event, type)
        case KpiEvent():
            return _figures(event, type)
        case RiskSummaryCounted():
            return _risks(event, type)
    return None


def _of_help(event: Event, type: str) -> Subject | None:
    match event:
        case NeedEvent():
            return _need(event, type)
        case MatchEvent():
            return _match(event, type)
        case PledgeEvent():
            return _pledge(event, type)
        case UnitAgreementExpiring():
            return _agreement(event, type)
        case CasesCounted():
            return _cases(event, type)
    return None


def concerns_street(escalation: EscalationSnapshot) -> bool:
    """Whether it goes up to the street at all: hand-overs inside the community are its own affair."""
    return escalation.to_level >= STREET_LEVEL or escalation.type is not EscalationType.handover


def place(community_code: str, area_code: str) -> Facts:
    """The codes that every message begins with; the grid is the smallest place that it names."""
    return {
        "community": {"code": community_code},
        "street": {"code": community_code[:STREET_DIGITS]},
        "grid_code": area_code[:GRID_DIGITS] if len(area_code) >= GRID_DIGITS else None,
    }


def _issue(event: IssueEvent, type: str) -> Subject:
    issue = event.issue
    facts = {
        **place(issue.community_code, issue.area_code),
        "issue_id": issue.id,
        "issue_no": issue.no,
        "category": issue.category,
        "urgency": issue.urgency,
        "level": issue.level,
        "colour": issue.colour,
        "state": issue.state,
        "reopen_count": issue.reopen_count,
        "affected_households": issue.affected_households,
        "reported_at": issue.reported_at,
        "due_accept": issue.due_accept,
        "due_respond": issue.due_respond,
        "due_resolve": issue.due_resolve,
    }
    about = About(type, issue.area_code, issue.category, issue.urgency, None)
    return Subject(f"intake/v1/issues/{issue.id}", about, facts)


def _escalation(event: EscalationEvent, type: str) -> Subject:
    one = event.escalation
    facts = {
        **place(one.community_code, one.area_code),
        "escalation_id": one.id,
        "escalation_type": one.type,
        "issue_id": one.issue_id,
        "issue_no": one.issue_no,
        "category": one.category,
        "urgency": one.urgency,
        "level": one.to_level,
        "state": one.state,
        "target_unit": one.target,
        "due_ack": one.due_ack,
        "due_reply": one.due_reply,
        "returns": one.returns,
    }
    about = About(type, one.area_code, one.category, one.urgency, one.target)
    path = f"intake/v1/escalations/{one.id}"
    # Whom relief is for is told to the office itself, when it asks there, once, and never in a message.
    is_relief = one.type is EscalationType.relief_request
    return Subject(path, about, facts, {"identity": f"{path}/identity-links"} if is_relief else {})


def _figures(event: KpiEvent, type: str) -> Subject:
    report = event.report
    facts = {
        **place(report.community_code, report.area_code),
        "first": report.first,
        "last": report.last,
        "counted_at": report.counted_at,
        "small_sample": report.small_sample,
        "kpis": [one.model_dump() for one in report.community],
        "grids": [one.model_dump() for one in report.grids],
    }
    path = f"intake/v1/kpis?from={report.first}&to={report.last}"
    return Subject(path, About(type, report.area_code, None, None, None), facts)


def _need(event: NeedEvent, type: str) -> Subject:
    need = event.need
    facts = {
        **place(need.community_code, need.area_code),
        "need_id": need.id,
        "issue_id": need.issue_id,
        "issue_no": need.issue_no,
        "kind": need.kind,
        "measure": need.measure,
        "quantity": need.quantity,
        "open_quantity": need.open_quantity,
        "urgency": need.urgency,
        "state": need.state,
    }
    about = About(type, need.area_code, None, need.urgency, None)
    return Subject(f"partners/v1/needs/{need.id}", about, facts)


def _match(event: MatchEvent, type: str) -> Subject:
    match = event.match
    facts = {
        **place(match.community_code, match.area_code),
        "match_id": match.id,
        "need_id": match.need_id,
        "offer_id": match.offer_id,
        "issue_id": match.issue_id,
        "issue_no": match.issue_no,
        "unit": match.unit_code,
        "quantity": match.quantity,
        "score": match.score,
        "reasons": dict(match.reasons),
        "state": match.state,
    }
    return Subject(f"partners/v1/matches/{match.id}", About(type, match.area_code, None, None, None), facts)


def _pledge(event: PledgeEvent, type: str) -> Subject:
    pledge = event.pledge
    facts = {
        **place(pledge.community_code, pledge.area_code),
        "pledge_id": pledge.id,
        "match_id": pledge.match_id,
        "need_id": pledge.need_id,
        "issue_id": pledge.issue_id,
        "issue_no": pledge.issue_no,
        "unit": pledge.unit_code,
        "quantity": pledge.quantity,
        "delivered_quantity": pledge.delivered_quantity,
        "state": pledge.state,
    }
    return Subject(f"partners/v1/pledges/{pledge.id}", About(type, pledge.area_code, None, None, None), facts)


def _agreement(event: UnitAgreementExpiring, type: str) -> Subject:
    unit = event.partner_unit
    facts = {**place(unit.community_code, unit.community_code), "unit": unit.code, "until": event.until}
    about = About(type, unit.community_code, None, None, None)
    return Subject(f"partners/v1/units/{unit.code}", about, facts)


def _risks(event: RiskSummaryCounted, type: str) -> Subject:
    summary = event.risk_summary
    facts = {
        **place(summary.community_code, summary.community_code),
        "week": summary.week,
        "grids": [one.model_dump() for one in event.grids],
    }
    about = About(type, summary.community_code, None, None, None)
    return Subject("grid/v1/households", about, facts)


def _cases(event: CasesCounted, type: str) -> Subject:
    count = event.case_count
    facts = {
        **place(count.community_code, count.community_code),
        "month": count.month,
        "programmes": [one.model_dump() for one in event.programmes],
    }
    return Subject("partners/v1/cases", About(type, count.community_code, None, None, None), facts)
