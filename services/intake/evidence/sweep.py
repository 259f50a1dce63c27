"""Removing files that no row names: what a crash left behind, and what was erased."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from services.intake.evidence.files import Files
from services.intake.evidence.models import Evidence
from services.intake.evidence.rules import EvidenceRules
from services.intake.evidence.stores import Store
from shared.host import Host

PAUSE_S = 3600.0
_AT_ONCE = 500
log = logging.getLogger(__name__)


async def sweep_evidence(host: Host) -> None:
    """Sweep for good, once an hour."""
    while True:
        await sweep_once(host)
        await asyncio.sleep(PAUSE_S)


async def sweep_once(host: Host) -> int:
    """Look through the days that the rules name, and through what was erased; return how many files went."""
    files: Files = host.parts[Files]  # type: ignore[assignment]  # The parts stand under their types.
    rules: EvidenceRules = host.parts[EvidenceRules]  # type: ignore[assignment]  # As above.
    gone, today = 0, host.clock.now().date()
    for days in range(rules.sweep.after_days, rules.sweep.back_days + 1):
        keys = await files.store.keys(today - timedelta(days=days))
        for at in range(0, len(keys), _AT_ONCE):
            gone += await _remove_unnamed(host, files.store, keys[at : at + _AT_ONCE])
    return gone + await _remove_erased(host, files.store)


async def _remove_unnamed(host: Host, store: Store, keys: Sequence[str]) -> int:
    ids = [one for one in map(_id_in, keys) if one is not None]
    async with host.look() as work:
        query = select(Evidence.stored_as).where(Evidence.id.in_(ids))
        named = set(await work.session.scalars(query))
    unnamed = [key for key in keys if key not in named]
    for key in unnamed:
        await store.remove(key)
    if unnamed:
        log.warning("%d files that no evidence names were removed", len(unnamed))
    return len(unnamed)


async def _remove_erased(host: Host, store: Store) -> int:
    gone = 0
    while True:
        async with host.look() as work:
            erased = select(Evidence.id, Evidence.stored_as).where(
                Evidence.erased_at.is_not(None), Evidence.stored_as.is_not(None)
            )
            found = {row.id: str(row.stored_as) for row in await work.session.execute(erased.limit(_AT_ONCE))}
        if not found:
            return gone
        for key in found.values():
            await store.remove(key)
        async with host.work() as work:
            query = select(Evidence).where(Evidence.id.in_(found))
            for evidence in await work.session.scalars(query):
                evidence.stored_as = None
        gone += len(found)


def _id_in(key: str) -> UUID | None:
    try:
        return UUID(key.rpartition("/")[2])
    except ValueError:
        return None
