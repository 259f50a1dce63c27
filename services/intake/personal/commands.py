"""What people may ask of their data: to see all of it, and to have it erased."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from services.intake.evidence.models import Evidence
from services.intake.issues.models import CallBack, Issue, Reporter, TimelineEntry
from services.intake.issues.rules import OPEN
from services.intake.mediation.models import Mediation, Party
from services.intake.models import READ_LOG
from services.intake.oversight.readings import note_reading
from services.intake.oversight.requests import end_with_erasure, requests_of
from services.intake.personal.erasing import (
    black_out_reasons,
    forget_account,
    forget_answers,
    make_anonymous,
)
from services.intake.personal.finding import Person, find_issues, part_of
from services.intake.personal.models import Consent
from services.intake.personal.views import AskedOut, DossierOut, FileOut, KeptIssueOut, ReadingOut, SaidOut
from shared.errors import Refused
from shared.service import Work

T = TypeVar("T", CallBack, Consent, Evidence, TimelineEntry)
_FIELDS = ("name", "phone", "title", "text", "location", "notes", "consents")


class StillOpen(Refused):
    """Work on a matter needs its words until it has ended."""

    type, title = "still-open", "A matter of this person is still open"


async def tell_all(work: Work, person: Person, reason: str) -> DossierOut:
    """Everything that intake keeps about somebody, as they may ask (PIPL, article 45); it is written down.

    Raises `Absent`, and `Forbidden` where a part of it lies outside of the caller's areas.
    """
    issues = await find_issues(work, person)
    await _write_down(work, issues, _FIELDS, reason)
    ids = [issue.id for issue in issues]
    readings = select(READ_LOG).where(READ_LOG.c.subject.in_([f"issue:{id}" for id in ids]))
    return DossierOut(
        told_at=work.now,
        requests=[AskedOut.model_validate(one) for one in await requests_of(work, person)],
        issues=[await _kept(work, issue, person) for issue in issues],
        readings=[
            ReadingOut.model_validate(row._mapping)
            for row in await work.session.execute(readings.order_by(READ_LOG.c.at, READ_LOG.c.id))
        ],
    )


async def erase(work: Work, person: Person, reason: str) -> list[str]:
    """Take all words and names from the issues of somebody, and return their numbers (PIPL, article 47).

    Raises `StillOpen`, `Absent`, and `Forbidden` where one lies outside of the caller's areas.
    """
    issues = await find_issues(work, person)
    open_ones = [issue.no for issue in issues if issue.state in OPEN]
    if open_ones:
        raise StillOpen(f"close or withdraw {', '.join(open_ones)} first")
    await _write_down(work, issues, ("erasure",), reason)
    ids = [issue.id for issue in issues]
    words = await _words_of(work, ids, person)
    await make_anonymous(work, issues)
    await forget_answers(work, ids)
    if person.subject is not None:
        await forget_account(work, person.subject)
    await end_with_erasure(work, person)
    await black_out_reasons(work, words)
    return [issue.no for issue in issues]


async def _write_down(work: Work, issues: Sequence[Issue], fields: Sequence[str], reason: str) -> None:
    own = {issue.reporter_subject for issue in issues} == {work.actor().subject}
    for number, issue in enumerate(issues):
        # All of them are one person's.
        persons = int(number == 0 and not own)
        await note_reading(work, f"issue:{issue.id}", fields, reason, persons=persons)


async def _kept(work: Work, issue: Issue, person: Person) -> KeptIssueOut:
    reporter = await work.session.get(Reporter, issue.id)
    part = await part_of(work, issue, person, reporter)
    kept = KeptIssueOut.of(issue, reporter, part)
    if not part.told_it:
        return kept
    return kept.model_copy(
        update={
            "said": [SaidOut.of(line) for line in await _of(work, TimelineEntry, issue.id)],
            "files": [FileOut.model_validate(one) for one in await _of(work, Evidence, issue.id)],
            "consents": [one.purpose for one in await _of(work, Consent, issue.id)],
            "call_backs": [one.at for one in await _of(work, CallBack, issue.id)],
        }
    )


async def _of(work: Work, model: type[T], issue_id: UUID) -> Sequence[T]:
    return (
        await work.session.scalars(select(model).where(model.issue_id == issue_id).order_by(model.id))
    ).all()


async def _words_of(work: Work, ids: Sequence[UUID], person: Person) -> list[str]:
    """What names the person, or somebody else in the same matter, and may stand in a reason."""
    words = {person.phone, person.subject}
    for one in await work.session.scalars(select(Reporter).where(Reporter.issue_id.in_(ids))):
        words |= {one.name, one.phone, one.beneficiary_name, one.beneficiary_phone}
    parties = select(Party).join(Mediation, Mediation.id == Party.mediation_id)
    for party in await work.session.scalars(parties.where(Mediation.issue_id.in_(ids))):
        words |= {party.name, party.phone}
    consents = select(Consent).where(Consent.issue_id.in_(ids), Consent.name.is_not(None))
    words |= {one.name for one in await work.session.scalars(consents)}
    # The longest first: a name may be a part of another.
    return sorted((word for word in words if word), key=len, reverse=True)
