"""The issues in which somebody has a part: by account, or by a phone number that only its index knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select, union

from services.intake.issues.models import Issue, Reporter
from services.intake.issues.reports import PHONE_INDEX
from services.intake.mediation.models import Mediation, Party
from services.intake.models import VAULT
from shared.errors import Absent
from shared.service import Work


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant: one of the two is given."""

    phone: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """As what somebody stands in an issue; `party` is their own row in a mediation of it."""

    is_reporter: bool
    is_beneficiary: bool
    party: Party | None

    @property
    def told_it(self) -> bool:
        """Whether the words of the issue are theirs, or about them."""
        return self.is_reporter or self.is_beneficiary


async def part_of(work: Work, issue: Issue, person: Person, reporter: Reporter | None) -> Part:
    """What is theirs in an issue; the names and words of others in it are not."""
    if person.phone is None:
        return Part(issue.reporter_subject == person.subject, is_beneficiary=False, party=None)
    indexes = VAULT.keyring.blind_indexes(PHONE_INDEX, person.phone)
    parties = select(Party).join(Mediation, Mediation.id == Party.mediation_id)
    own = parties.where(Mediation.issue_id == issue.id, Party.phone_index.in_(indexes))
    return Part(
        is_reporter=reporter is not None and reporter.phone_index in indexes,
        is_beneficiary=reporter is not None and reporter.beneficiary_index in indexes,
        party=await work.session.scalar(own.order_by(Party.mediation_id.desc()).limit(1)),
    )


async def find_issues(work: Work, person: Person) -> Sequence[Issue]:
    """Every issue that the person reported, or is named in by phone. Raises `Absent`, `Forbidden`.

    All of them must lie in the caller's areas: half an answer would pass for a whole one.
    """
    ids = _of_account(person.subject) if person.phone is None else _of_phone(person.phone)
    query = select(Issue).where(Issue.id.in_(ids)).order_by(Issue.reported_at, Issue.id)
    issues = (await work.session.scalars(query.with_for_update())).all()
    if not issues:
        work.areas()
        raise Absent("nothing is kept under this name")
    for issue in issues:
        if issue.reporter_subject == work.actor().subject:
            work.permit_own(issue.reporter_subject)
        else:
            work.permit(issue.area_code)
    return issues


def _of_account(subject: str | None) -> Select[UUID]:
    return select(Issue.id).where(Issue.reporter_subject == subject)


def _of_phone(phone: str) -> Select[UUID]:
    indexes = VAULT.keyring.blind_indexes(PHONE_INDEX, phone)
    reported = select(Reporter.issue_id).where(Reporter.phone_index.in_(indexes))
    named = select(Reporter.issue_id).where(
        Reporter.beneficiary_index.is_not(None), Reporter.beneficiary_index.in_(indexes)
    )
    party = select(Mediation.issue_id).join(Party, Party.mediation_id == Mediation.id)
    mediated = party.where(Party.phone_index.in_(indexes))
    return select(union(reported, named, mediated).subquery().c.issue_id)
