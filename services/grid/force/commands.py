"""The 1+4+X force: who stands in which role, and what is vacant."""

from collections.abc import Sequence

from sqlalchemy import func, select

from services.grid.areas.commands import in_areas
from services.grid.areas.models import Area
from services.grid.atlas import ROSTER, new_edition
from services.grid.force.models import ForceMember
from services.grid.force.rules import ForceRole, ForceRules, Vacancy, vacancies
from services.grid.rows import enter
from shared.errors import Absent, FieldError, Invalid, Refused
from shared.service import Work


class RoleFull(Refused):
    """The template allows no more people in the role."""

    type, title = "force-role-full", "The role is taken"


async def appoint(
    work: Work, area_code: str, role: str, subject: str, *, name: str | None
) -> tuple[ForceMember, bool]:
    """Put a person into a role of an area; True where they did not stand in it before."""
    work.permit(area_code)
    # The area stays locked, so that two appointments cannot both take the last place.
    area = await work.session.get(Area, area_code, with_for_update=True)
    if area is None:
        raise Absent(f"there is no area {area_code}")
    rule = _rule(work, area, role)
    key = {"area_code": area_code, "role": role, "subject": subject}
    values = {**key, "name": None, "is_active": False, "version": 0, "updated_at": work.now}
    member, _ = await enter(work.session, ForceMember, (area_code, role, subject), values)
    work.expect(member.version)
    if member.is_active and name in {None, member.name}:
        return member, False
    returns = not member.is_active
    if returns:
        await _refuse_where_full(work, rule, area_code)
    member.name = name or member.name
    await _changed(work, member, is_active=True)
    return member, returns


async def stand_down(work: Work, area_code: str, role: str, subject: str) -> None:
    """Take a person out of a role; nobody is proposed in it any longer."""
    work.permit(area_code)
    member = await work.session.get(ForceMember, (area_code, role, subject), with_for_update=True)
    if member is None or not member.is_active:
        raise Absent(f"{subject} does not stand in the role {role} of {area_code}")
    work.expect(member.version)
    await _changed(work, member, is_active=False)


async def list_force(work: Work, *, within: str) -> Sequence[ForceMember]:
    """The people of all areas below `within` that the caller may see."""
    seen = in_areas(ForceMember.area_code, work.areas())
    query = select(ForceMember).where(ForceMember.is_active, seen, ForceMember.area_code.startswith(within))
    ordered = query.order_by(ForceMember.area_code, ForceMember.role, ForceMember.subject)
    return (await work.session.scalars(ordered)).all()


async def list_vacancies(work: Work, *, within: str) -> list[Vacancy]:
    """The roles that the template asks for and nobody stands in, grid by grid."""
    seen = in_areas(Area.code, work.areas())
    areas = select(Area.code).where(seen, Area.code.startswith(within), Area.level <= 1).order_by(Area.code)
    counts = select(ForceMember.area_code, ForceMember.role, func.count().label("people"))
    grouped = counts.where(ForceMember.is_active).group_by(ForceMember.area_code, ForceMember.role)
    present = {(row.area_code, row.role): row.people for row in await work.session.execute(grouped)}
    return vacancies(work.part(ForceRules), (await work.session.scalars(areas)).all(), present)


async def _changed(work: Work, member: ForceMember, *, is_active: bool) -> None:
    member.is_active, member.version, member.updated_at = is_active, member.version + 1, work.now
    await work.session.flush()
    await new_edition(work.session, ROSTER)


def _rule(work: Work, area: Area, role: str) -> ForceRole:
    rules = work.part(ForceRules)
    rule = rules.role(role)
    if rule is None:
        known = ", ".join(one.role for one in rules.template)
        raise Invalid(f"there is no role {role}", fields=[FieldError("role", f"one of {known}")])
    if rule.level != area.level:
        message = f"{role} stands for an area of level {rule.level}, and {area.code} is of level {area.level}"
        raise Invalid(message, fields=[FieldError("area", message)])
    return rule


async def _refuse_where_full(work: Work, rule: ForceRole, area_code: str) -> None:
    if rule.max is None:
        return
    standing = select(func.count()).where(
        ForceMember.area_code == area_code, ForceMember.role == rule.role, ForceMember.is_active
    )
    if (await work.session.scalar(standing) or 0) >= rule.max:
        raise RoleFull(f"{area_code} has {rule.max} in the role {rule.role}: stand somebody down first")
