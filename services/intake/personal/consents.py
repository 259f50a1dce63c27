"""What people agree to, one purpose at a time: asked, confirmed by signature, withdrawn at any time."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, permit_concerned, read_issue
from services.intake.issues.rules import OPEN
from services.intake.personal.bodies import AgreedIn
from services.intake.personal.models import Consent
from services.intake.personal.portraits import forget_portraits_of
from services.intake.personal.rules import PersonalRules
from shared.errors import Absent, FieldError, Invalid, Refused
from shared.service import Work


class ConsentEnded(Refused):
    """A yes that was taken back, or ran out, cannot be confirmed: ask again."""

    type, title = "consent-ended", "The consent has ended"


async def record_consent(work: Work, issue_id: UUID, body: AgreedIn) -> Consent:
    """Write a yes down, in the words that the rules hold now. Raises `Invalid` for an unknown purpose."""
    issue = await _concerned(work, issue_id)
    purpose = work.part(PersonalRules).purpose(body.purpose)
    if purpose is None or issue.state not in OPEN:
        message = "there is no such purpose" if purpose is None else f"the issue is {issue.state}"
        raise Invalid(f"purpose: {message}", fields=[FieldError("purpose", message)])
    consent = Consent(
        id=uuid7(),
        issue_id=issue_id,
        name=body.name,
        guardian=body.guardian,
        purpose=purpose.code,
        items=list(purpose.items),
        recipients=list(purpose.recipients),
        text_version=purpose.version,
        language=body.language,
        channel=body.channel,
        oral=body.oral,
        recorded_by=work.actor().subject,
        given_at=work.now,
        expires_at=work.now + timedelta(days=purpose.days),
        confirmed_at=None if body.oral else work.now,
    )
    work.session.add(consent)
    jot(work, issue, "record-consent", Note(reason_code=purpose.code))
    return consent


async def list_consents(work: Work, issue_id: UUID) -> Sequence[Consent]:
    """Every yes of an issue, the oldest first, withdrawn ones too. Raises `Absent`, `Forbidden`."""
    await read_issue(work, issue_id)
    query = select(Consent).where(Consent.issue_id == issue_id).order_by(Consent.id)
    return (await work.session.scalars(query)).all()


async def confirm_consent(work: Work, consent_id: UUID) -> Consent:
    """An oral yes was signed. Raises `ConsentEnded`."""
    consent, issue = await _found(work, consent_id)
    if consent.withdrawn_at is not None or consent.expires_at <= work.now:
        raise ConsentEnded("ask for it again")
    if consent.confirmed_at is None:
        consent.confirmed_at = work.now
        jot(work, issue, "confirm-consent", Note(reason_code=consent.purpose))
    return consent


async def withdraw_consent(work: Work, consent_id: UUID) -> Consent:
    """A no from now on (PIPL, article 15), by staff or the reporter. A second time changes nothing."""
    consent, issue = await _found(work, consent_id)
    if consent.withdrawn_at is None:
        consent.withdrawn_at = work.now
        await forget_portraits_of(work, issue, consent_id)
        jot(work, issue, "withdraw-consent", Note(reason_code=consent.purpose))
    return consent


async def _found(work: Work, consent_id: UUID) -> tuple[Consent, Issue]:
    issue_id = await work.session.scalar(select(Consent.issue_id).where(Consent.id == consent_id))
    if issue_id is None:
        raise Absent("there is no such consent")
    issue = await _concerned(work, issue_id)
    return await work.session.get_one(Consent, consent_id, with_for_update=True), issue


async def _concerned(work: Work, issue_id: UUID) -> Issue:
    issue = await locked(work, issue_id)
    permit_concerned(work, issue)
    return issue
