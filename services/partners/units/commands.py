"""What can be done with a member unit."""

from collections.abc import Sequence

from sqlalchemy import select

from services.partners.history import change
from services.partners.records import is_unit, within_community
from services.partners.refusals import NotInForce
from services.partners.units.models import Unit
from services.partners.units.rules import UNIT, is_in_force
from services.partners.units.views import UnitForm
from shared.clock import local_date
from shared.errors import Absent, FieldError, Invalid
from shared.events.partners import UnitChanged, UnitJoined, UnitSuspended
from shared.service import Work
from shared.web import Page


async def put_unit(work: Work, code: str, form: UnitForm) -> tuple[Unit, bool]:
    """Make the unit as the form says, and tell whether it is new. A signed agreement makes it a member."""
    work.permit(form.area_code[:12])
    unit = await find_unit(work, code, lock=True)
    is_new = unit is None
    if unit is None:
        unit = _invite(work, code, form)
    else:
        work.permit(unit.community_code)
        work.expect(unit.version)
        if unit.community_code != form.area_code[:12]:
            message = f"the unit belongs to community {unit.community_code}"
            raise Invalid(f"area_code: {message}", fields=[FieldError("area_code", message)])
        unit.version, unit.changed_at = unit.version + 1, work.now
    _fill(unit, form)
    joins = unit.state == "invited" and form.agreement is not None
    if joins:
        change(work, UNIT, unit, "sign")
    snapshot = unit.snapshot()
    work.emit(UnitJoined(partner_unit=snapshot) if joins else UnitChanged(partner_unit=snapshot))
    await work.session.flush()
    return unit, is_new


def _invite(work: Work, code: str, form: UnitForm) -> Unit:
    unit = Unit(
        version=1,
        state="invited",
        community_code=form.area_code[:12],
        created_at=work.now,
        changed_at=work.now,
        code=code,
        confirmed_count=0,
        no_show_count=0,
        late_count=0,
    )
    work.session.add(unit)
    return unit


def _fill(unit: Unit, form: UnitForm) -> None:
    unit.name, unit.kind, unit.area_code, unit.contact = form.name, form.kind, form.area_code, form.contact
    unit.programmes = list(form.programmes)
    unit.longitude = None if form.point is None else form.point.longitude
    unit.latitude = None if form.point is None else form.point.latitude
    unit.agreement_from = None if form.agreement is None else form.agreement.signed_on
    unit.agreement_until = None if form.agreement is None else form.agreement.until


async def suspend_unit(work: Work, code: str, reason: str) -> Unit:
    """Ask nothing of the unit for the time being."""
    unit = await _own(work, code)
    change(work, UNIT, unit, "suspend", reason=reason)
    work.emit(UnitSuspended(partner_unit=unit.snapshot()))
    return unit


async def reinstate_unit(work: Work, code: str) -> Unit:
    """Let a suspended unit take part again."""
    unit = await _own(work, code)
    change(work, UNIT, unit, "reinstate")
    work.emit(UnitChanged(partner_unit=unit.snapshot()))
    return unit


async def _own(work: Work, code: str) -> Unit:
    unit = await get_unit(work, code, lock=True)
    work.expect(unit.version)
    return unit


async def get_unit(work: Work, code: str, *, lock: bool = False) -> Unit:
    """The unit, for itself or for staff of its community. Raises `Absent`."""
    unit = await find_unit(work, code, lock=lock)
    caller = work.actor()
    if unit is None or (is_unit(caller) and caller.unit != code):
        raise Absent(f"there is no unit {code}")
    work.permit(unit.community_code)
    return unit


async def find_unit(work: Work, code: str, *, lock: bool = False) -> Unit | None:
    """The unit, or None; with `lock` nobody else changes it before we commit."""
    query = select(Unit).where(Unit.code == code)
    if lock:
        await work.session.flush()
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return await work.session.scalar(query)


async def unit_in_force(work: Work, code: str) -> Unit:
    """The unit, locked. Raises `NotInForce` where nothing may be asked of it today."""
    unit = await find_unit(work, code, lock=True)
    if unit is None or not is_in_force(unit.state, unit.agreement_until, local_date(work.now)):
        raise NotInForce(f"unit {code} is suspended, or its agreement is not in force")
    return unit


async def list_units(work: Work, page: Page[str], state: str | None) -> Sequence[Unit]:
    """The units of the caller's areas, by code."""
    query = select(Unit).where(within_community(Unit.community_code, work.areas()))
    if state is not None:
        query = query.where(Unit.state == state)
    if page.after is not None:
        query = query.where(Unit.code > page.after[0])
    return (await work.session.scalars(query.order_by(Unit.code).limit(page.limit + 1))).all()
