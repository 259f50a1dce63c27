"""Files that go with a dossier to a higher level: only those of the issue, as links that expire."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.intake.evidence.links import link_to
from services.intake.evidence.models import Evidence, Portrait
from services.intake.evidence.rules import EvidenceRules
from services.intake.settings import IntakeSettings
from shared.errors import FieldError, Invalid
from shared.service import Work

# Of a sensitive matter nothing goes by itself: the street asks for it, and says why.
_SENSITIVE = 2


async def hold_to_issue(work: Work, issue_id: UUID, evidence_ids: Collection[UUID]) -> None:
    """Raise `Invalid` for a file that is not evidence of this issue, or is so no longer, or shows people."""
    query = select(Evidence.id).where(
        Evidence.issue_id == issue_id, Evidence.id.in_(evidence_ids), Evidence.erased_at.is_(None)
    )
    strange = set(evidence_ids) - set(await work.session.scalars(query))
    if strange:
        message = f"the issue has no evidence {min(strange)}"
        raise Invalid(message, fields=[FieldError("dossier.evidence_ids", message)])
    shown = select(Portrait.evidence_id).where(Portrait.evidence_id.in_(evidence_ids)).limit(1)
    portrait = await work.session.scalar(shown)
    if portrait is not None:
        # What they agreed to is that the community keeps it.
        message = f"people can be recognised on {portrait}, and it stays here"
        raise Invalid(message, fields=[FieldError("dossier.evidence_ids", message)])


def links_for(work: Work, evidence_ids: Collection[UUID], privacy_class: int) -> tuple[str, ...]:
    """An address for each file, good for as long as the rules give a dossier."""
    if privacy_class >= _SENSITIVE:
        return ()
    expires_at = work.now + timedelta(minutes=work.part(EvidenceRules).link.dossier_minutes)
    return tuple(link_to(work.part(IntakeSettings), one, expires_at) for one in evidence_ids)
