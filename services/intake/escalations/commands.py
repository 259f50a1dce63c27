"""Asking a higher level: request, approve, refuse, recall, close."""

from uuid import UUID

from services.intake.escalations.bodies import EscalateIn, RefusalIn
from services.intake.escalations.criteria import Criteria
from services.intake.escalations.grounds import facts_of
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import (
    data_of,
    draft,
    locked_pair,
    move,
    open_handovers,
    returns_so_far,
    send,
    snapshot_of,
)
from services.intake.escalations.rules import HANDS_OVER, STREET_LEVEL, hold_to_table, needs_approval
from services.intake.evidence.handing_on import hold_to_issue
from services.intake.issues.complaints import hold_off
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, actor_of, is_in, jot, locked, permit
from services.intake.issues.record import hold_to_table as hold_issue_to_table
from services.intake.issues.record import move as move_issue
from services.intake.issues.rules import OFFICE, OPEN, By
from shared.auth import Role
from shared.errors import FieldError, Forbidden, IllegalTransition, Invalid, Refused
from shared.events.intake import (
    EscalationClosed,
    EscalationRecalled,
    EscalationRefused,
    EscalationRequested,
    EscalationSnapshot,
    EscalationState,
    EscalationType,
    IssueReturned,
    IssueState,
)
from shared.service import Work

RECALLED = "recalled"


class HandoverUnderWay(Refused):
    """The issue has been handed up already, or somebody has asked for it."""

    type, title = "handover-under-way", "A hand-over is under way"


async def escalate_issue(work: Work, issue_id: UUID, body: EscalateIn) -> Escalation:
    """Ask a higher level. What the street is asked waits for the secretary, unless the secretary asks.

    Raises `Invalid` for a level or criteria that do not fit, `HandoverUnderWay`, `IllegalTransition`.
    """
    issue = await locked(work, issue_id)
    permit(work, issue, By.HANDLER_OR_AREA)
    work.expect(issue.version)
    _hold_to_state(issue, body.type)
    await _hold_to_level(work, issue, body)
    if body.type in HANDS_OVER and await open_handovers(work, issue.id):
        raise HandoverUnderWay("take it back first, or wait for the answer")
    await hold_to_issue(work, issue.id, body.dossier.evidence_ids)
    escalation = draft(work, issue, body.type, body.to_level)
    escalation.target = body.target or escalation.target
    escalation.household_code = _household(issue, body)
    escalation.returns = await returns_so_far(work, escalation)
    escalation.dossier, escalation.criteria = body.dossier.model_dump(mode="json"), list(body.criteria)
    work.session.add(escalation)
    if needs_approval(body.to_level, work.actor().roles):
        work.emit(EscalationRequested(escalation=snapshot_of(escalation)))
        jot(work, issue, "request-escalation", Note(data=data_of(escalation)))
    else:
        escalation.decided_by = work.actor().subject
        send(work, escalation, issue)
    return escalation


async def approve(work: Work, escalation_id: UUID) -> Escalation:
    """Say yes: what was asked for is sent."""
    escalation, issue = await _held(work, escalation_id, "approve")
    _hold_to_state(issue, escalation.type)
    escalation.decided_by = work.actor().subject
    escalation.version += 1
    send(work, escalation, issue)
    return escalation


async def refuse(work: Work, escalation_id: UUID, body: RefusalIn) -> Escalation:
    """Say no: the issue stays where it is."""
    escalation, issue = await _held(work, escalation_id, "refuse")
    snapshot = _end(work, escalation, "refuse")
    jot(work, issue, "refuse-escalation", Note(text=body.reason, data=data_of(escalation)))
    work.emit(EscalationRefused(escalation=snapshot, reason=body.reason))
    return escalation


async def recall(work: Work, escalation_id: UUID) -> Escalation:
    """Take it back; an issue that was handed up comes home. Raises `Forbidden` on another's behalf."""
    escalation, issue = await _held(work, escalation_id, "recall")
    hold_to_side(work, escalation)
    await take_back_passed_on(work, escalation, issue)
    snapshot = _end(work, escalation, "recall")
    work.emit(EscalationRecalled(escalation=snapshot))
    if not bring_home(work, escalation, issue, RECALLED):
        jot(work, issue, "recall-escalation", Note(data=data_of(escalation)))
    return escalation


async def close(work: Work, escalation_id: UUID) -> Escalation:
    """Note that nothing is left to do on it. A hand-over has to be answered or taken back first."""
    escalation, issue = await _held(work, escalation_id, "close")
    if escalation.type in HANDS_OVER and escalation.state != EscalationState.replied:
        raise IllegalTransition("the hand-over has no answer yet", allowed=("recall",))
    snapshot = _end(work, escalation, "close")
    jot(work, issue, "close-escalation", Note(data=data_of(escalation)))
    work.emit(EscalationClosed(escalation=snapshot))
    return escalation


def bring_home(work: Work, escalation: Escalation, issue: Issue, reason_code: str) -> bool:
    """Give an issue that was handed up back to the community; its clock has run on all the while."""
    if escalation.type not in HANDS_OVER or not is_in(issue, IssueState.escalated):
        return False
    # Who takes it back has it as before; what comes back from above is the matter of the level below that.
    below = escalation.from_level if reason_code == RECALLED else escalation.to_level - 1
    issue.level = max(escalation.from_level, below)
    note = Note(reason_code=reason_code, data=data_of(escalation))
    # What the district had comes back to the street, and is handed up still.
    home = IssueState.in_progress if escalation.parent_id is None else IssueState.escalated
    snapshot = move_issue(work, issue, "return", home, note)
    work.emit(IssueReturned(issue=snapshot, escalation_id=escalation.id, reason_code=reason_code))
    return True


def hold_to_side(work: Work, escalation: Escalation) -> None:
    """Raise `Forbidden` where the community takes back what the street passed on, or the other way round."""
    by_street = work.actor().has(Role.STREET_OFFICER) and not work.actor().has(*OFFICE)
    if by_street != (escalation.parent_id is not None):
        raise Forbidden(
            "only who asked takes it back: from the street the community, from the district the street"
        )


async def take_back_passed_on(work: Work, escalation: Escalation, issue: Issue) -> None:
    """Where the street is done with it, nobody waits for the district any more. The issue is locked."""
    for passed in await open_handovers(work, issue.id):
        if passed.parent_id == escalation.id:
            work.emit(EscalationRecalled(escalation=_end(work, passed, "recall")))
            bring_home(work, passed, issue, RECALLED)


async def _held(work: Work, escalation_id: UUID, name: str) -> tuple[Escalation, Issue]:
    escalation, issue = await locked_pair(work, escalation_id)
    hold_off(work, issue)
    work.permit(issue.area_code)
    work.expect(escalation.version)
    hold_to_table(escalation.state, name)
    return escalation, issue


def _end(work: Work, escalation: Escalation, name: str) -> EscalationSnapshot:
    escalation.decided_by, escalation.ended_at = actor_of(work)[0], work.now
    return move(work, escalation, name)


def _household(issue: Issue, body: EscalateIn) -> str | None:
    """Whom relief is asked for. Raises `Invalid` for a household that the issue does not name."""
    if body.type is not EscalationType.relief_request:
        return None
    known = issue.households
    if body.household is not None and known and body.household not in known:
        message = f"one of {', '.join(known)}"
        raise Invalid(f"household: {message}", fields=[FieldError("household", message)])
    return body.household or (known[0] if len(known) == 1 else None)


def _hold_to_state(issue: Issue, kind: str) -> None:
    if kind in HANDS_OVER:
        hold_issue_to_table(issue, "escalate")
    elif issue.state not in OPEN:
        raise IllegalTransition(
            f"nobody can be asked to help with an issue that is {issue.state}", allowed=()
        )


async def _hold_to_level(work: Work, issue: Issue, body: EscalateIn) -> None:
    if body.type in HANDS_OVER:
        if body.to_level <= issue.level:
            message = f"the issue is at level {issue.level} already"
            raise Invalid(message, fields=[FieldError("to_level", message)])
        fault = work.part(Criteria).fault(body.to_level, body.criteria, await facts_of(work, issue))
        if fault is not None:
            raise Invalid(f"criteria: {fault}", fields=[FieldError("criteria", fault)])
    elif body.to_level < STREET_LEVEL:
        message = f"a {body.type} goes to level {STREET_LEVEL}"
        raise Invalid(message, fields=[FieldError("to_level", message)])
