"""What the level that was asked answers: acknowledge, progress, return, reply. Late words undo nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake.escalations.commands import bring_home, take_back_passed_on
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import count_level, locked_pair, move, snapshot_of
from services.intake.escalations.rules import HANDS_OVER, SPEAKERS, allowed, hold_to_table
from services.intake.evidence.models import Evidence, EvidenceContent
from services.intake.issues.complaints import hold_off
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, is_in, jot
from services.intake.issues.record import move as move_issue
from services.intake.limits import Limits
from services.intake.models import VAULT
from shared.errors import Forbidden, Refused
from shared.events.intake import (
    EscalationAcknowledged,
    EscalationProgressed,
    EscalationReplied,
    EscalationReturned,
    IssueResolved,
    IssueState,
)
from shared.service import Work

CONTENT = "intake.evidence.content"


class ReturnedAlready(Refused):
    """An issue may be handed back once; after that it takes the leader's own word."""

    type, title = "returned-already", "The issue was handed back before"


class ReturnTooLate(Refused):
    """An issue may be handed back within the time for acknowledging it."""

    type, title = "return-too-late", "The issue can no longer be handed back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A word of the level asked; `by` is who gave it, `said_at` when it came, where that was before now."""

    by: str
    said_at: datetime | None = None
    text: str | None = None
    code: str = ""
    street_no: str | None = None
    by_leader: bool = False
    needs_community_action: bool = False


async def held(work: Work, escalation_id: UUID, name: str) -> tuple[Escalation, Issue]:
    """The escalation, locked, for somebody who speaks for the level that was asked.

    Raises `Absent`, `Forbidden` (area, level), `Stale`, `IllegalTransition`.
    """
    escalation, issue = await locked_pair(work, escalation_id)
    hold_off(work, issue)
    work.permit(issue.area_code)
    if not work.actor().has(*SPEAKERS[escalation.to_level]):
        raise Forbidden(f"level {escalation.to_level} was asked, and you do not speak for it")
    work.expect(escalation.version)
    hold_to_table(escalation.state, name)
    return escalation, issue


def acknowledge(work: Work, escalation: Escalation, issue: Issue, answer: Answer) -> None:
    """The target took it. Where a later word overtook this one, only the number and the moment are new."""
    escalation.acknowledged_at = escalation.acknowledged_at or work.now
    if _window_is_over(escalation, work.now) and fits(escalation, "acknowledge"):
        count_level(escalation, issue)
    escalation.street_no = answer.street_no or escalation.street_no
    if fits(escalation, "acknowledge"):
        snapshot = move(work, escalation, "acknowledge")
    else:
        escalation.version += 1
        snapshot = snapshot_of(escalation)
    jot(work, issue, "acknowledge-escalation", note_of(escalation, answer))
    work.emit(EscalationAcknowledged(escalation=snapshot, street_no=escalation.street_no))


def progress(work: Work, escalation: Escalation, issue: Issue, answer: Answer) -> None:
    """The target works on it: from now on it counts that this level took the issue."""
    count_level(escalation, issue)
    snapshot = move(work, escalation, "progress")
    jot(work, issue, "progress-escalation", note_of(escalation, answer))
    work.emit(EscalationProgressed(escalation=snapshot))


def refusal_of_return(work: Work, escalation: Escalation, answer: Answer) -> Refused | None:
    """Why it cannot be handed back: it was once before, or the time for it is over; the leader's word may."""
    if answer.by_leader:
        return None
    if escalation.returns >= work.part(Limits).escalation.returns:
        return ReturnedAlready("a second return needs the leader's word (by_leader)")
    # The street's door said yes or no by the moment at which it came: here it is held to the same.
    if _window_is_over(escalation, answer.said_at or work.now):
        return ReturnTooLate("the time for it has passed; now it needs the leader's word (by_leader)")
    return None


async def hand_back(work: Work, escalation: Escalation, issue: Issue, answer: Answer) -> None:
    """The target hands it back. Raises `ReturnedAlready`, `ReturnTooLate` without the leader's word."""
    refusal = refusal_of_return(work, escalation, answer)
    if refusal is not None:
        raise refusal
    await take_back_passed_on(work, escalation, issue)
    escalation.returns += 1
    escalation.reason_code, escalation.answer, escalation.ended_at = answer.code, answer.text, work.now
    snapshot = move(work, escalation, "return")
    work.emit(EscalationReturned(escalation=snapshot, reason_code=answer.code))
    if not bring_home(work, escalation, issue, answer.code):
        jot(work, issue, "return-escalation", note_of(escalation, answer))


def refuse_return(work: Work, escalation: Escalation, issue: Issue, answer: Answer) -> None:
    """Note that the target tried to hand it back in vain, so that somebody speaks with it."""
    jot(work, issue, "refuse-return", note_of(escalation, answer))


async def reply(work: Work, escalation: Escalation, issue: Issue, answer: Answer) -> None:
    """The target answers in substance: an issue that was handed up is resolved, or comes home."""
    count_level(escalation, issue)
    await take_back_passed_on(work, escalation, issue)
    escalation.outcome_code, escalation.answer, escalation.ended_at = answer.code, answer.text, work.now
    work.emit(EscalationReplied(escalation=move(work, escalation, "reply"), outcome_code=answer.code))
    if escalation.type not in HANDS_OVER or not is_in(issue, IssueState.escalated):
        jot(work, issue, "reply-escalation", note_of(escalation, answer))
    elif escalation.parent_id is not None:
        # The district answers the street, and the street the community.
        bring_home(work, escalation, issue, answer.code)
    elif answer.needs_community_action:
        bring_home(work, escalation, issue, "needs_community_action")
    else:
        _resolve(work, escalation, issue, answer)


def _window_is_over(escalation: Escalation, at: datetime) -> bool:
    return escalation.due_ack is not None and at > escalation.due_ack


def fits(escalation: Escalation, name: str) -> bool:
    """Whether the answer still has something to say."""
    return name in allowed(escalation.state)


def _resolve(work: Work, escalation: Escalation, issue: Issue, answer: Answer) -> None:
    evidence = [_as_evidence(work, issue, answer)]
    # The street answers the community; what follows, verification or rework, is the community's again.
    issue.level = escalation.from_level
    issue.outcome_code, issue.resolved_at, issue.resolved_by = answer.code, work.now, answer.by
    note = Note(reason_code=answer.code, evidence=evidence, data=note_of(escalation, answer).data)
    snapshot = move_issue(work, issue, "resolve", IssueState.resolved, note)
    work.emit(IssueResolved(issue=snapshot, evidence_count=len(evidence)))


def _as_evidence(work: Work, issue: Issue, answer: Answer) -> UUID:
    """The written answer is what shows that the matter was settled."""
    content = (answer.text or answer.code).encode()
    evidence = Evidence(
        id=uuid7(),
        issue_id=issue.id,
        sha256=hashlib.sha256(content).hexdigest(),
        media_type="text/plain",
        size=len(content),
        caption=None,
        added_by=answer.by,
        by_staff=True,
        added_at=work.now,
    )
    sealed = VAULT.keyring.encrypt(CONTENT, content)
    work.session.add_all([evidence, EvidenceContent(evidence_id=evidence.id, content=sealed)])
    return evidence.id


def note_of(escalation: Escalation, answer: Answer) -> Note:
    """What the timeline says of the word."""
    data: dict[str, object] = {"escalation_id": str(escalation.id), "by": answer.by}
    return Note(reason_code=answer.code or None, text=answer.text, data=data)
