"""How a case comes to be: one for a household, whoever is first."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table, select
from uuid_utils.compat import uuid7

from services.partners.cases.models import Case
from services.partners.cases.rules import CASE, OPEN
from services.partners.history import begin
from services.partners.records import locked
from shared import bulk
from shared.service import Work

_CASES = cast(Table, Case.__table__)


async def open_case(
    work: Work,
    household_code: str,
    area_code: str,
    *,
    opened_for: str,
    issue_id: UUID | None = None,
    issue_no: str | None = None,
) -> tuple[Case, bool]:
    """The open case of the household, locked; where it has none, one is opened now, and True with it."""
    row = {
        "id": uuid7(),
        "version": 1,
        "state": "identified",
        "community_code": area_code[:12],
        "created_at": work.now,
        "changed_at": work.now,
        "area_code": area_code,
        "household_code": household_code,
        "opened_for": opened_for,
        "issue_id": issue_id,
        "issue_no": issue_no,
    }
    # Of two at once one opens it, and the other finds it.
    is_new = bool(await bulk.insert_new(work.session, _CASES, [row], key="id"))
    known = select(Case.id).where(Case.household_code == household_code, Case.state.in_(OPEN))
    case = await locked(work, Case, (await work.session.scalars(known)).one())
    if is_new:
        begin(work, CASE, case, "open")
    return case, is_new
