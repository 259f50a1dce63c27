"""Readings of what is personal: each is written down before anything is shown."""

from collections.abc import Iterable

from services.grid.models import read_log
from shared.privacy import record_read
from shared.service import Work


async def note_reading(work: Work, subject: str, fields: Iterable[str], *, reason: str) -> None:
    """Write down who reads what and why, committed by itself: a GET's own unit of work keeps nothing."""
    caller = work.actor()
    async with work.host.work(caller=caller) as noting:
        await record_read(
            noting.session, read_log, caller, at=work.now, subject=subject, fields=fields, reason=reason
        )
