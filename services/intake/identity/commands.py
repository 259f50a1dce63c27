"""Who relief is asked for (domain.md §9, §10): the office that is asked gets a link that opens once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from services.intake.escalations.models import Escalation
from services.intake.escalations.record import locked_pair
from services.intake.identity.models import IdentityLink
from services.intake.issues.models import Issue, Reporter
from services.intake.issues.record import Note, jot
from services.intake.limits import Limits
from services.intake.oversight.readings import note_reading
from services.intake.personal.models import Consent
from shared.auth import Role
from shared.auth.callers import is_area_code
from shared.errors import Absent, Forbidden, Refused
from shared.events.intake import EscalationState, EscalationType
from shared.service import Work

CONSENT = "identity_to_street"
TOLD = ("name", "phone", "relation", "location", "household")
# While somebody is at work on it; what is over, or was never sent, needs nobody's name.
UNDER_WAY = frozenset({EscalationState.sent, EscalationState.acknowledged, EscalationState.handling})


class NoIdentity(Refused):
    """Only a request for relief tells whom it is for, and only while it is under way."""

    type, title = "identity-not-told", "Nobody's identity is told here"


class LinkSpent(Refused):
    """A link opens once, and for some minutes."""

    type, title = "link-spent", "The link was opened before, or its time is over"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opened to."""

    issue: Issue
    household_code: str | None
    person: Reporter | None


async def make_link(work: Work, escalation_id: UUID, reason: str) -> tuple[IdentityLink, str]:
    """Make a link for the caller, and return it with its token, of which only the hash is kept.

    Raises `Absent`, `Forbidden` (area, another office), `NoIdentity`.
    """
    escalation, issue = await locked_pair(work, escalation_id)
    await _hold(work, escalation)
    rules = work.part(Limits).identity_link
    made = select(func.count()).select_from(IdentityLink)
    count = await work.session.scalar(made.where(IdentityLink.escalation_id == escalation.id))
    if (count or 0) >= rules.most:
        raise NoIdentity(f"{rules.most} links were made for it; ask the community")
    token, caller = secrets.token_urlsafe(32), work.actor()
    link = IdentityLink(
        id=uuid7(),
        escalation_id=escalation.id,
        issue_id=issue.id,
        token_hash=_hash(token),
        asked_by=caller.subject,
        unit=caller.unit,
        reason=reason,
        asked_at=work.now,
        expires_at=work.now + timedelta(minutes=rules.minutes),
    )
    work.session.add(link)
    jot(work, issue, "ask-identity", _note(escalation, link))
    return link, token


async def open_link(work: Work, token: str) -> Opened:
    """Tell who it is, once, to whoever made the link; it is written down, or does not happen.

    Raises `Absent` for a token that is unknown or another's, `LinkSpent`, and what `make_link` raises.
    """
    query = select(IdentityLink).where(IdentityLink.token_hash == _hash(token)).with_for_update()
    link = await work.session.scalar(query)
    if link is None or link.asked_by != work.actor().subject:
        raise Absent("there is no such link")
    escalation, issue = await locked_pair(work, link.escalation_id)
    await _hold(work, escalation)
    if link.used_at is not None or work.now >= link.expires_at:
        raise LinkSpent("ask for a new one")
    link.used_at = work.now
    await note_reading(work, f"issue:{issue.id}", TOLD, link.reason or "")
    jot(work, issue, "read-identity", _note(escalation, link))
    person = await work.session.get(Reporter, issue.id)
    return Opened(issue, escalation.household_code, person)


async def list_links(work: Work, escalation_id: UUID) -> Sequence[IdentityLink]:
    """Who asked for the identity, why, and whether they got it, in order. Raises `Absent`, `Forbidden`."""
    escalation = await work.session.get(Escalation, escalation_id)
    if escalation is None:
        raise Absent("there is no such escalation")
    work.permit(escalation.area_code)
    if work.actor().has(Role.STREET_OFFICER):
        _hold_to_office(work, escalation)
    query = select(IdentityLink).where(IdentityLink.escalation_id == escalation.id)
    return (await work.session.scalars(query.order_by(IdentityLink.id))).all()


async def _hold(work: Work, escalation: Escalation) -> None:
    work.permit(escalation.area_code)
    _hold_to_office(work, escalation)
    if escalation.type != EscalationType.relief_request:
        raise NoIdentity(f"a {escalation.type} tells nobody's name")
    if escalation.state not in UNDER_WAY:
        raise NoIdentity(f"the request is {escalation.state}")
    if await _was_withdrawn(work, escalation.issue_id):
        raise NoIdentity("the person does not want to be known to the street any more")


async def _was_withdrawn(work: Work, issue_id: UUID) -> bool:
    """Whether the last word of the person is a no. Relief by law needs no yes; a no is heard at once."""
    query = select(Consent.withdrawn_at).where(Consent.issue_id == issue_id, Consent.purpose == CONSENT)
    last = (await work.session.execute(query.order_by(Consent.given_at.desc(), Consent.id.desc()))).first()
    return last is not None and last.withdrawn_at is not None


def _hold_to_office(work: Work, escalation: Escalation) -> None:
    """An area is asked through whoever is at work in it, an office through its own people alone."""
    if not is_area_code(escalation.target) and work.actor().unit != escalation.target:
        raise Forbidden(f"{escalation.target} was asked, and you do not speak for it")


def _note(escalation: Escalation, link: IdentityLink) -> Note:
    data: dict[str, object] = {
        "escalation_id": str(escalation.id),
        "link_id": str(link.id),
        "unit": link.unit,
    }
    return Note(text=link.reason, data=data)


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
