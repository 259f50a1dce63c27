"""Reading cases: lists by area, and the file, which is read with a reason and written down."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import select

from services.partners.cases.commands import measures_of
from services.partners.cases.models import Case, LedgerEntry
from services.partners.cases.rules import CASE, SEES_MONEY
from services.partners.cases.views import CaseView, EntryView, FileView, MeasureView
from services.partners.models import read_log
from services.partners.records import found, newest, within
from shared.privacy import record_read
from shared.service import Work
from shared.web import Page

TOLD = ("goal", "measures", "ledger")


async def get_case(work: Work, case_id: UUID) -> Case:
    """One case. Raises `Absent`, `Forbidden`."""
    case = await found(work, Case, case_id)
    work.permit(case.area_code)
    return case


async def list_cases(
    work: Work, page: Page[str], *, state: str | None, household_code: str | None
) -> Sequence[Case]:
    """The cases of the caller's areas, the newest first."""
    query = select(Case).where(within(Case.area_code, work.areas()))
    if state is not None:
        query = query.where(Case.state == state)
    if household_code is not None:
        query = query.where(Case.household_code == household_code)
    return await newest(work, query, Case, page)


async def read_file(work: Work, case_id: UUID, reason: str) -> FileView:
    """The plan and the ledger; amounts are for those who lead cases. It is written down who read, and why."""
    case = await get_case(work, case_id)
    sees_money = work.actor().has(*SEES_MONEY)
    await record_read(
        work.session,
        read_log,
        work.actor(),
        at=work.now,
        subject=f"case:{case.id}",
        fields=(*TOLD, "amounts") if sees_money else TOLD,
        reason=reason,
    )
    entries = select(LedgerEntry).where(LedgerEntry.case_id == case.id)
    ledger = await work.session.scalars(entries.order_by(LedgerEntry.given_at, LedgerEntry.id))
    hidden = {} if sees_money else {"amount": None}
    return FileView(
        **shown(case).model_dump(),
        goal=case.goal,
        backup=case.backup,
        visit_cadence_days=case.visit_cadence_days,
        measures=[
            MeasureView.model_validate(one).model_copy(update=hidden) for one in await measures_of(work, case)
        ],
        ledger=[_entry(one).model_copy(update=hidden) for one in ledger],
    )


def shown(case: Case) -> CaseView:
    """The case without words."""
    return CaseView.model_validate(case).model_copy(update={"commands": CASE.allowed(case.state)})


def _entry(entry: LedgerEntry) -> EntryView:
    facts = {name: getattr(entry, name) for name in EntryView.model_fields if name != "goods"}
    return EntryView.model_validate({**facts, "goods": orjson.loads(entry.goods)})
