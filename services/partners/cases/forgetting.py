"""Cases that ended long ago: what was done, when and by which office stays; words and the household go."""

from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, select, update

from services.partners.cases.models import Case, LedgerEntry, Measure
from services.partners.cases.rules import CASE, OPEN
from services.partners.models import HistoryEntry
from services.partners.settings import PartnersSettings
from shared.service import Work

# What stands in place of words and amounts.
_BLANKED: Mapping[Table, dict[str, object]] = {
    cast(Table, Measure.__table__): {"what": "", "amount": None, "escalation_id": None},
    cast(Table, LedgerEntry.__table__): {"goods": "[]", "amount": None},
}
FORGOTTEN = "forgotten:"
MOST = 100


async def forget_old_cases(work: Work) -> None:
    """Take words, amounts and the household from the cases that ended before the days that are set."""
    before = work.now - timedelta(days=work.part(PartnersSettings).case_keep_days)
    query = select(Case).where(
        Case.state.not_in(OPEN),
        Case.changed_at < before,
        Case.household_code.not_like(f"{FORGOTTEN}%"),
    )
    held = query.order_by(Case.id).limit(MOST).with_for_update(skip_locked=True)
    cases = (await work.session.scalars(held)).all()
    for case in cases:
        case.household_code = f"{FORGOTTEN}{case.id}"
        case.goal = case.lead = case.backup = case.issue_id = case.issue_no = None
    ids = [case.id for case in cases]
    if not ids:
        return
    for table, blanks in _BLANKED.items():
        await work.session.execute(update(table).where(table.c.case_id.in_(ids)).values(blanks))
    notes = update(HistoryEntry).where(HistoryEntry.record == CASE.word, HistoryEntry.record_id.in_(ids))
    await work.session.execute(notes.values(note=None))
