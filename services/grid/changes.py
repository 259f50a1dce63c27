"""The trail: who changed a colour or a visit, and why."""

from uuid_utils.compat import uuid7

from services.grid.models import Change
from shared.service import Work


def note_change(work: Work, subject: str, *, before: str, after: str, reason: str) -> None:
    """Leave a row beside the change; where no person is the cause, the rules are."""
    caller = work.caller
    work.session.add(
        Change(
            id=uuid7(),
            subject=subject,
            at=work.now,
            who=caller.subject if caller is not None else "grid",
            role=" ".join(sorted(caller.roles)) if caller is not None else "rules",
            before=before,
            after=after,
            reason=reason,
        )
    )
