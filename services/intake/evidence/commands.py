"""Adding evidence to an issue, and reading it."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.intake.evidence.models import Evidence, EvidenceContent
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, permit_concerned
from services.intake.issues.rules import OPEN, STAFF
from services.intake.models import VAULT
from shared.errors import Absent, FieldError, Invalid, Refused, TooLarge, Unsupported
from shared.service import Work

MOST_BYTES = 8 * 1024 * 1024
CONTENT = "intake.evidence.content"
# What a media type begins with: a name alone would let a web page pass for a photo.
_BEGINNINGS: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/webp": ((0, b"RIFF"), (8, b"WEBP")),
    "image/heic": ((4, b"ftyp"),),
    "video/mp4": ((4, b"ftyp"),),
    "application/pdf": ((0, b"%PDF-"),),
}


class IssueEnded(Refused):
    """The issue has come to its end."""

    type, title = "issue-ended", "Nothing can be added to this issue"


async def add_evidence(
    work: Work, issue_id: UUID, *, media_type: str, content: bytes, caption: str | None
) -> Evidence:
    """Keep a photo or document, encrypted. Raises `Unsupported`, `TooLarge`, `Invalid`, `IssueEnded`.

    The reporter may add to their own issue; only what staff add shows that work was done.
    """
    issue = await locked(work, issue_id)
    permit_concerned(work, issue)
    if issue.state not in OPEN:
        raise IssueEnded(f"the issue is {issue.state}")
    _hold_to_form(media_type, content)
    caller = work.actor()
    evidence = Evidence(
        id=uuid7(),
        issue_id=issue.id,
        sha256=hashlib.sha256(content).hexdigest(),
        media_type=media_type,
        size=len(content),
        caption=caption,
        added_by=caller.subject,
        by_staff=caller.has(*STAFF),
        added_at=work.now,
    )
    sealed = VAULT.keyring.encrypt(CONTENT, content)
    work.session.add_all([evidence, EvidenceContent(evidence_id=evidence.id, content=sealed)])
    jot(work, issue, "add-evidence", Note(evidence=[evidence.id]))
    return evidence


async def list_evidence(work: Work, issue_id: UUID) -> Sequence[Evidence]:
    """All evidence of an issue, oldest first. Raises `Absent`, `Forbidden`."""
    await _readable(work, issue_id)
    query = select(Evidence).where(Evidence.issue_id == issue_id).order_by(Evidence.id)
    return (await work.session.scalars(query)).all()


async def read_content(work: Work, issue_id: UUID, evidence_id: UUID) -> tuple[Evidence, bytes]:
    """One piece of evidence and its content. Raises `Absent`, `Forbidden`."""
    await _readable(work, issue_id)
    evidence = await work.session.get(Evidence, evidence_id)
    if evidence is None or evidence.issue_id != issue_id:
        raise Absent("the issue has no such evidence")
    stored = await work.session.get_one(EvidenceContent, evidence_id)
    return evidence, VAULT.keyring.decrypt(CONTENT, stored.content)


async def _readable(work: Work, issue_id: UUID) -> None:
    issue = await work.session.get(Issue, issue_id)
    if issue is None:
        raise Absent("there is no such issue")
    permit_concerned(work, issue)


def _hold_to_form(media_type: str, content: bytes) -> None:
    if media_type not in _BEGINNINGS:
        raise Unsupported(f"evidence is one of {', '.join(_BEGINNINGS)}")
    if len(content) > MOST_BYTES:
        raise TooLarge(f"evidence has {MOST_BYTES} bytes at most")
    if not all(content.startswith(mark, at) for at, mark in _BEGINNINGS[media_type]):
        message = f"the content is not {media_type}"
        raise Invalid(message, fields=[FieldError("file", message)])
