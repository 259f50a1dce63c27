"""Pledges as a caller may see them, and their recipients, whose reading is written down."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from services.partners.models import read_log
from services.partners.needs.models import Need
from services.partners.pledges.models import Pledge
from services.partners.pledges.rules import may_see_recipient
from services.partners.pledges.views import PledgeView, RecipientView, StaffPledgeView
from services.partners.records import found, is_unit, newest, permit_record, within
from services.partners.refusals import AccessEnded, ConsentMissing
from services.partners.settings import Terms
from shared.errors import Absent
from shared.privacy import record_read
from shared.service import Work
from shared.web import Page


async def get_pledge(work: Work, pledge_id: UUID) -> Pledge:
    """The pledge, for its unit and for staff of its area. Raises `Absent`, `Forbidden`."""
    pledge = await found(work, Pledge, pledge_id)
    permit_record(work, unit_code=pledge.unit_code, area_code=pledge.area_code)
    return pledge


async def list_pledges(
    work: Work, page: Page[str], *, state: str | None, need_id: UUID | None, issue_id: UUID | None
) -> Sequence[Pledge]:
    """A unit's own pledges, or those of the caller's areas, the newest first."""
    caller = work.actor()
    query = select(Pledge).where(within(Pledge.area_code, work.areas()))
    if is_unit(caller):
        query = query.where(Pledge.unit_code == caller.unit)
    for column, value in ((Pledge.state, state), (Pledge.need_id, need_id), (Pledge.issue_id, issue_id)):
        if value is not None:
            query = query.where(column == value)
    return await newest(work, query, Pledge, page)


def shown(work: Work, pledge: Pledge) -> PledgeView | StaffPledgeView:
    """The pledge in the shape that is for the caller."""
    view = PledgeView if is_unit(work.actor()) else StaffPledgeView
    return view.model_validate(pledge)


async def read_recipient(work: Work, pledge_id: UUID, reason: str) -> RecipientView:
    """Tell where to go, and write down who asked and why (domain.md §10).

    Raises `Absent` where the need names no recipient, `ConsentMissing` without the person's consent, and
    `AccessEnded` for a unit some days after its delivery.
    """
    pledge = await get_pledge(work, pledge_id)
    need = await found(work, Need, pledge.need_id)
    if need.place is None or need.addressee is None:
        raise Absent("this need names no recipient; the community tells you where to go")
    if need.consent_id is None:
        raise ConsentMissing("the person has not agreed that you may know where they live")
    tail = work.part(Terms).rules.access_tail
    if is_unit(work.actor()) and not may_see_recipient(pledge.state, pledge.delivered_at, work.now, tail):
        raise AccessEnded(f"the pledge is {pledge.state}, and what you needed to know for it is closed again")
    await record_read(
        work.session,
        read_log,
        work.actor(),
        at=work.now,
        subject=f"need:{need.id}",
        fields=("place", "addressee"),
        reason=reason,
    )
    until = None if pledge.delivered_at is None else pledge.delivered_at + tail
    return RecipientView(place=need.place, addressee=need.addressee, until=until)
