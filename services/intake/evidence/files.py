"""The way of a file into the store and out of it. No transaction is open while a file is on its way.

A file is stored before the row that names it: a crash in between leaves a file too many, never a row without
its file. What is too many is swept away some days later.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake.evidence.cleaning import Clean, Cleaner
from services.intake.evidence.commands import Kept, Stored, Uploads, hold_to_bounds
from services.intake.evidence.models import Evidence
from services.intake.evidence.stores import Store, key_of
from services.intake.issues.models import Issue
from services.intake.models import VAULT
from shared.auth import Caller
from shared.errors import Absent
from shared.host import Host
from shared.idempotency import Answer, Answers, Claim

CONTENT = "intake.evidence.content"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as a caller sends it."""

    issue_id: UUID
    content: bytes
    caption: str | None


class Files:
    """What files are worked on with: one instance an app."""

    def __init__(self, store: Store, cleaner: Cleaner) -> None:
        self.store, self.cleaner, self.uploads = store, cleaner, Uploads()

    async def take(
        self, host: Host, caller: Caller, upload: Upload, claim: Claim | None
    ) -> tuple[Answer, bool]:
        """Keep a file, cleaned and encrypted; return the answer, and whether it repeats an earlier one.

        Raises `Absent`, `Forbidden`, `IssueEnded`, `EnoughEvidence`, `Unsupported`, `TooLarge`, `Invalid`,
        and OSError where the store is away.
        """
        known = await _looked_up(host, caller, upload.issue_id, claim)
        if known is not None:
            return known, True
        stored = Stored(await self.keep(host, upload.content), upload.issue_id, upload.caption)
        return await self.uploads.submit(host, stored, caller, claim)

    async def keep(self, host: Host, content: bytes) -> Kept:
        """Put a file into the store, cleaned and encrypted, for a row to name it.

        Raises `Unsupported`, `TooLarge`, `Invalid`, and OSError where the store is away.
        """
        clean = await self.cleaner.clean(content)
        sha256, sealed = await asyncio.to_thread(_sealed, clean)
        evidence_id = uuid7()
        key = key_of(host.clock.now().date(), evidence_id)
        await self.store.put(key, sealed)
        return Kept(
            id=evidence_id,
            stored_as=key,
            media_type=clean.media_type,
            size=len(clean.content),
            sha256=sha256,
        )

    async def content(self, evidence: Evidence, row: bytes | None) -> bytes:
        """The plain content, from its row or from the store. Raises `Absent` where the store lost it."""
        if row is None:
            try:
                row = await self.store.get(str(evidence.stored_as))
            except FileNotFoundError as error:
                raise Absent("its content is gone") from error
        return await asyncio.to_thread(VAULT.keyring.decrypt, CONTENT, row)


async def _looked_up(host: Host, caller: Caller, issue_id: UUID, claim: Claim | None) -> Answer | None:
    """Before the long work: the answer that was given already, or the refusal that is certain."""
    async with host.look(caller=caller) as work:
        if claim is not None:
            known = await work.part(Answers).given(work.session, [claim])
            if claim in known:
                return known[claim]
        issue = await work.session.get(Issue, issue_id)
        if issue is None:
            raise Absent("there is no such issue")
        await hold_to_bounds(work, issue)
    return None


def _sealed(clean: Clean) -> tuple[str, bytes]:
    return hashlib.sha256(clean.content).hexdigest(), VAULT.keyring.encrypt(CONTENT, clean.content)
