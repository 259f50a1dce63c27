"""Readings of personal data: each is written down with its reason, and whoever reads very much is noticed."""

from collections.abc import Iterable

from services.intake.models import READ_LOG
from services.intake.oversight.alarms import watch_reader
from shared.privacy import record_read
from shared.service import Work


async def note_reading(
    work: Work, subject: str, fields: Iterable[str], reason: str, *, persons: int = 1
) -> None:
    """Write down who reads what, and why, in the transaction that reads: no entry, no data.

    `persons` is of how many people it tells; one's own data is read of nobody.
    """
    await record_read(
        work.session,
        READ_LOG,
        work.actor(),
        at=work.now,
        subject=subject,
        fields=fields,
        reason=reason,
        persons=persons,
    )
    if persons:
        await watch_reader(work)
