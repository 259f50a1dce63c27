"""What was given to a household, written down once each, and never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import orjson
from sqlalchemy import Table

from services.partners.cases.models import Case, LedgerEntry
from services.partners.cases.rules import CASE
from services.partners.history import change
from shared import bulk
from shared.service import Work

_LEDGER = cast(Table, LedgerEntry.__table__)


async def enter(
    work: Work,
    case: Case,
    entry_id: UUID,
    *,
    source: str,
    office: str,
    form: str,
    given_at: datetime,
    goods: Sequence[dict[str, object]] = (),
    amount: str | None = None,
    measure_id: UUID | None = None,
) -> bool:
    """Add an entry to the ledger of a locked case; False where it was there already."""
    row = {
        "id": entry_id,
        "case_id": case.id,
        "measure_id": measure_id,
        "source": source,
        "office": office,
        "form": form,
        "goods": orjson.dumps(list(goods)).decode(),
        "amount": amount,
        "given_at": given_at,
        "noted_at": work.now,
        "noted_by": work.caller.subject if work.caller else source,
    }
    if not await bulk.insert_new(work.session, _LEDGER, [row], key="id"):
        return False
    change(work, CASE, case, "give", reason=f"{source}_{form}")
    return True
