"""Adding evidence to an issue, reading it, handing it on, erasing it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select

from services.intake.evidence.links import has_expired, is_ours, link_to
from services.intake.evidence.models import Evidence, EvidenceContent, Portrait
from services.intake.evidence.rules import EvidenceRules
from services.intake.evidence.views import EvidenceOut, LinkIn, LinkOut
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, permit_concerned
from services.intake.issues.rules import OPEN
from services.intake.issues.views import may_read_words, works_on
from services.intake.oversight.readings import note_reading
from services.intake.settings import IntakeSettings
from shared.auth import Caller
from shared.errors import Absent, FieldError, Forbidden, Invalid, Problem, Refused
from shared.idempotency import Answer
from shared.service import Work
from shared.web import Grouped


class IssueEnded(Refused):
    """The issue has come to its end."""

    type, title = "issue-ended", "Nothing can be added to this issue"


class EnoughEvidence(Refused):
    """The issue has as many files as it may have."""

    type, title = "enough-evidence", "This issue takes no more files"


class LinkExpired(Problem):
    """The link was good, and is so no longer; whoever gave it may give another."""

    status, type, title = 410, "link-expired", "The link has expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that lies in the store, and that no row names yet."""

    id: UUID
    stored_as: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Such a file, and the issue of which it is to be the evidence."""

    kept: Kept
    issue_id: UUID
    caption: str | None = None


class Uploads(Grouped[Stored]):
    """Writes files down one after another: each has an issue of its own to lock."""

    def __init__(self) -> None:
        super().__init__(write_down, most=1)


async def hold_to_bounds(work: Work, issue: Issue) -> None:
    """Raise `Forbidden`, `IssueEnded` or `EnoughEvidence` where the caller may add nothing to the issue."""
    permit_concerned(work, issue)
    if issue.state not in OPEN:
        raise IssueEnded(f"the issue is {issue.state}")
    most = work.part(EvidenceRules).most_files
    query = select(func.count()).select_from(Evidence).where(Evidence.issue_id == issue.id)
    count = await work.session.scalar(query.where(Evidence.erased_at.is_(None))) or 0
    if count >= most:
        raise EnoughEvidence(f"an issue has {most} files at most")


async def write_down(work: Work, items: Sequence[tuple[Stored, Caller]]) -> Sequence[Answer]:
    """Make stored files the evidence of their issues; only what staff add shows that work was done."""
    return [await _write_down(work, stored, caller) for stored, caller in items]


async def _write_down(work: Work, stored: Stored, caller: Caller) -> Answer:
    work.caller = caller
    issue = await locked(work, stored.issue_id)
    await hold_to_bounds(work, issue)
    evidence = Evidence(**columns_of(work, stored, caller, by_staff=works_on(issue, caller)))
    work.session.add(evidence)
    jot(work, issue, "add-evidence", Note(evidence=[evidence.id]))
    headers = {
        "content-type": "application/json",
        "location": f"/intake/v1/issues/{issue.id}/evidence/{evidence.id}",
    }
    body = EvidenceOut.of(evidence, with_words=True).model_dump(mode="json")
    return Answer(201, headers, orjson.dumps(body))


def columns_of(work: Work, stored: Stored, caller: Caller, *, by_staff: bool) -> dict[str, object]:
    """The row that names a stored file."""
    return {
        **asdict(stored.kept),
        "issue_id": stored.issue_id,
        "caption": stored.caption,
        "added_by": caller.subject,
        "by_staff": by_staff,
        "added_at": work.now,
    }


async def list_evidence(work: Work, issue_id: UUID) -> list[EvidenceOut]:
    """All evidence of an issue, oldest first. Raises `Absent`, `Forbidden`."""
    issue = await _readable(work, issue_id)
    with_words = may_read_words(issue, work.actor())
    query = select(Evidence).where(Evidence.issue_id == issue_id).order_by(Evidence.id)
    return [EvidenceOut.of(one, with_words=with_words) for one in await work.session.scalars(query)]


async def find_content(work: Work, issue_id: UUID, evidence_id: UUID) -> tuple[Evidence, bytes | None]:
    """One piece of evidence, with its sealed content where a row holds it. Raises `Absent`, `Forbidden`."""
    issue = await _readable(work, issue_id)
    evidence = await _of_issue(work, issue_id, evidence_id)
    if not may_read_words(issue, work.actor()):
        raise Forbidden("the matter is sensitive: ask for a link, and say why")
    if await work.session.scalar(select(Portrait.evidence_id).where(Portrait.evidence_id == evidence_id)):
        raise Forbidden("people can be recognised on it: ask for a link, and say why")
    return await _with_row(work, evidence)


async def make_link(work: Work, issue_id: UUID, evidence_id: UUID, body: LinkIn) -> LinkOut:
    """An address that opens the file for whoever has it, until it expires; who made it and why is logged."""
    await _readable(work, issue_id)
    evidence, _ = await _with_row(work, await _of_issue(work, issue_id, evidence_id))
    bounds = work.part(EvidenceRules).link
    minutes = body.minutes or bounds.minutes
    if minutes > bounds.most_minutes:
        message = f"a link is good for {bounds.most_minutes} minutes at most"
        raise Invalid(message, fields=[FieldError("minutes", message)])
    await note_reading(work, f"evidence:{evidence.id}", ("content", "link"), body.reason)
    expires_at = (work.now + timedelta(minutes=minutes)).replace(microsecond=0)
    return LinkOut(url=link_to(work.part(IntakeSettings), evidence.id, expires_at), expires_at=expires_at)


async def find_by_link(
    work: Work, evidence_id: UUID, expires: int, signature: str
) -> tuple[Evidence, bytes | None]:
    """What a link opens. Raises `Absent` for one that we did not make, `LinkExpired`."""
    if not is_ours(evidence_id, expires, signature):
        raise Absent("there is no such link")
    if has_expired(expires, work.now):
        raise LinkExpired("ask whoever sent it for another one")
    evidence = await work.session.get(Evidence, evidence_id)
    if evidence is None:
        raise Absent("there is no such file")
    return await _with_row(work, evidence)


async def erase_evidence(work: Work, issue_id: UUID) -> int:
    """Let go of all files and captions of an issue, and return how many; the sweep removes the files."""
    query = select(Evidence).where(Evidence.issue_id == issue_id, Evidence.erased_at.is_(None))
    found = (await work.session.scalars(query)).all()
    await let_go(work, found)
    return len(found)


async def let_go(work: Work, files: Sequence[Evidence]) -> None:
    """Let go of the content and the captions of these; their entries stay."""
    for evidence in files:
        evidence.caption, evidence.erased_at = None, work.now
    ids = [evidence.id for evidence in files]
    await work.session.execute(delete(EvidenceContent).where(EvidenceContent.evidence_id.in_(ids)))


async def _readable(work: Work, issue_id: UUID) -> Issue:
    issue = await work.session.get(Issue, issue_id)
    if issue is None:
        raise Absent("there is no such issue")
    permit_concerned(work, issue)
    return issue


async def _of_issue(work: Work, issue_id: UUID, evidence_id: UUID) -> Evidence:
    evidence = await work.session.get(Evidence, evidence_id)
    if evidence is None or evidence.issue_id != issue_id:
        raise Absent("the issue has no such evidence")
    return evidence


async def _with_row(work: Work, evidence: Evidence) -> tuple[Evidence, bytes | None]:
    if evidence.erased_at is not None:
        raise Absent("its content has been erased")
    if evidence.stored_as is not None:
        return evidence, None
    stored = await work.session.get_one(EvidenceContent, evidence.id)
    return evidence, stored.content
