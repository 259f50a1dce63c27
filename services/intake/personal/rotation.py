"""What intake keeps encrypted, so that a new master key takes hold of all of it."""

import asyncio
from uuid import UUID

from sqlalchemy import select

from services.intake.evidence.files import CONTENT, Files
from services.intake.evidence.models import Evidence
from services.intake.evidence.stores import Store
from services.intake.issues.reports import PHONE_INDEX
from services.intake.models import VAULT, Base
from shared.host import Host
from shared.rotation import AT_ONCE, Secrets


async def rotate_files(host: Host) -> int:
    """Write the files of evidence anew that stand under an older key, and say how many they were."""
    files: Files = host.parts[Files]  # type: ignore[assignment]  # The parts stand under their types.
    kept = select(Evidence.id, Evidence.stored_as).where(
        Evidence.stored_as.is_not(None), Evidence.erased_at.is_(None)
    )
    changed, last = 0, UUID(int=0)
    while True:
        async with host.look() as work:
            query = kept.where(Evidence.id > last).order_by(Evidence.id).limit(AT_ONCE)
            rows = (await work.session.execute(query)).all()
        for row in rows:
            key = str(row.stored_as)
            if await _rotate_file(files.store, key):
                changed += 1
                await _hold_to_erasure(host, files.store, row.id, key)
        if len(rows) < AT_ONCE:
            return changed
        last = rows[-1].id


async def _rotate_file(store: Store, key: str) -> bool:
    try:
        sealed = await store.get(key)
    except FileNotFoundError:
        # It was erased a moment ago.
        return False
    if not VAULT.keyring.needs_rotation(sealed):
        return False
    await store.put(key, await asyncio.to_thread(_anew, sealed))
    return True


async def _hold_to_erasure(host: Host, store: Store, evidence_id: UUID, key: str) -> None:
    """Take back what was put where the sweep had just removed it; what is erased later it removes itself."""
    async with host.look() as work:
        erased = select(Evidence.id).where(Evidence.id == evidence_id, Evidence.erased_at.is_not(None))
        if await work.session.scalar(erased) is not None:
            await store.remove(key)


def _anew(sealed: bytes) -> bytes:
    return VAULT.keyring.encrypt(CONTENT, VAULT.keyring.decrypt(CONTENT, sealed))


SECRETS = Secrets(
    Base.metadata,
    VAULT,
    plain_bytes={("evidence_contents", "content"): CONTENT},
    indexes={
        ("reporters", "phone"): ("phone_index", PHONE_INDEX),
        ("reporters", "beneficiary_phone"): ("beneficiary_index", PHONE_INDEX),
        ("mediation_parties", "phone"): ("phone_index", PHONE_INDEX),
        ("data_requests", "phone"): ("phone_index", PHONE_INDEX),
    },
    elsewhere=rotate_files,
)
