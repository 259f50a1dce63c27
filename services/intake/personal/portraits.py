"""Files on which people can be recognised: kept as long as they agree, read by a logged link alone (§10).

Whoever adds a photo need not know who is on it; staff who see it say so, and name the consent. Once a consent
is withdrawn or runs out its files go.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from services.intake.evidence.commands import let_go
from services.intake.evidence.models import Evidence, Portrait
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, permit_concerned
from services.intake.personal.models import Consent
from services.intake.personal.rules import PersonalRules
from shared.errors import Absent, FieldError, Invalid
from shared.service import Work

_ITEM, _ERASED = "photos", "erase-evidence"


async def mark(work: Work, issue_id: UUID, evidence_id: UUID, consent_id: UUID) -> Portrait:
    """Say that somebody can be recognised on a file, and that they agreed. A second time changes nothing.

    Raises `Absent`, `Forbidden`, and `Invalid` where nobody agrees to photos by that consent now.
    """
    issue, evidence = await _file_of(work, issue_id, evidence_id)
    query = select(Consent).where(Consent.id == consent_id, Consent.issue_id == issue_id).with_for_update()
    consent = await work.session.scalar(query)
    stands = consent is not None and consent.withdrawn_at is None and consent.expires_at > work.now
    if consent is None or not stands or _ITEM not in consent.items:
        message = "no consent of this issue to photos stands under this id"
        raise Invalid(f"consent_id: {message}", fields=[FieldError("consent_id", message)])
    known = await work.session.get(Portrait, (evidence.id, consent_id))
    if known is not None:
        return known
    portrait = Portrait(
        evidence_id=evidence.id,
        consent_id=consent_id,
        marked_by=work.actor().subject,
        marked_at=work.now,
    )
    work.session.add(portrait)
    jot(work, issue, "mark-portrait", Note(evidence=[evidence.id]))
    return portrait


async def erase_file(work: Work, issue_id: UUID, evidence_id: UUID, reason: str) -> Evidence:
    """Let a file go: somebody is on it who did not agree. Its entry stays. Raises `Absent`, `Forbidden`."""
    issue, evidence = await _file_of(work, issue_id, evidence_id)
    await let_go(work, [evidence])
    jot(work, issue, _ERASED, Note(text=reason, evidence=[evidence.id]))
    return evidence


async def forget_portraits_of(work: Work, issue: Issue, consent_id: UUID) -> None:
    """The consent was taken back: its files go."""
    await _forget(work, issue, await _kept(work, Portrait.consent_id == consent_id))


async def forget_portraits(work: Work) -> int:
    """Let the next files go whose consent has run out, and say how many."""
    over = or_(Consent.expires_at <= work.now, Consent.withdrawn_at.is_not(None))
    ended = Portrait.consent_id.in_(select(Consent.id).where(over))
    files = await _kept(work, ended)
    for issue_id in sorted({file.issue_id for file in files}):
        issue = await locked(work, issue_id)
        await _forget(work, issue, [file for file in files if file.issue_id == issue_id])
    return len(files)


async def _kept(work: Work, which: ColumnElement[bool]) -> Sequence[Evidence]:
    query = select(Evidence).where(
        Evidence.erased_at.is_(None), Evidence.id.in_(select(Portrait.evidence_id).where(which))
    )
    most = work.part(PersonalRules).retention.at_once
    return (await work.session.scalars(query.order_by(Evidence.id).limit(most))).all()


async def _forget(work: Work, issue: Issue, files: Sequence[Evidence]) -> None:
    if files:
        await let_go(work, files)
        jot(work, issue, _ERASED, Note(reason_code="consent_ended", evidence=[file.id for file in files]))


async def _file_of(work: Work, issue_id: UUID, evidence_id: UUID) -> tuple[Issue, Evidence]:
    issue = await locked(work, issue_id)
    permit_concerned(work, issue)
    evidence = await work.session.get(Evidence, evidence_id)
    if evidence is None or evidence.issue_id != issue_id or evidence.erased_at is not None:
        raise Absent("the issue has no such evidence")
    return issue, evidence
