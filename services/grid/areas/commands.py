"""The area tree and the compounds in it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from services.grid.areas.codes import GRID_LENGTH, level_of, parent_of
from services.grid.areas.models import Area, CompoundRow
from services.grid.atlas import MAP, new_edition
from services.grid.rows import enter
from shared.auth.callers import is_area_code
from shared.errors import Absent, FieldError, Invalid
from shared.service import Work
from shared.web import Page


async def put_area(work: Work, code: str, given: Mapping[str, object]) -> tuple[Area, bool]:
    """Draw an area, or draw it anew; True where it was not there. `given` are columns of `Area`."""
    if not is_area_code(code):
        raise _invalid("code", "must be an area code of 2, 4, 6, 9, 12, 15 or 18 digits")
    work.permit(code)
    derived = {"parent_code": parent_of(code), "level": level_of(code), "version": 1, "updated_at": work.now}
    area, created = await enter(work.session, Area, code, {"code": code, **derived, **given})
    work.expect(0 if created else area.version)
    if created or _change(work, area, given):
        await new_edition(work.session, MAP)
    return area, created


async def get_area(work: Work, code: str) -> Area:
    area = await work.session.get(Area, code)
    if area is None:
        raise Absent(f"there is no area {code}")
    return area


async def list_areas(work: Work, page: Page[str], *, within: str, level: int | None) -> Sequence[Area]:
    """One more row than the page has, in the order of the codes."""
    query = select(Area).where(Area.code.startswith(within, autoescape=True))
    if level is not None:
        query = query.where(Area.level == level)
    if page.after is not None:
        query = query.where(Area.code > page.after[0])
    return (await work.session.scalars(query.order_by(Area.code).limit(page.limit + 1))).all()


async def put_compound(
    work: Work, grid_code: str, code: str, given: Mapping[str, object]
) -> tuple[CompoundRow, bool]:
    """Enter a compound of a grid, or correct it; True where it was not there."""
    if not is_area_code(grid_code) or len(grid_code) != GRID_LENGTH:
        raise _invalid("grid", "must be the code of a grid, of 15 digits")
    work.permit(grid_code)
    await get_area(work, grid_code)
    values = {"code": code, "area_code": grid_code, "version": 1, "updated_at": work.now, **given}
    compound, created = await enter(work.session, CompoundRow, code, values)
    work.permit(compound.area_code)
    work.expect(0 if created else compound.version)
    if created or _change(work, compound, {**given, "area_code": grid_code}):
        await new_edition(work.session, MAP)
    return compound, created


async def list_compounds(work: Work, grid_code: str) -> Sequence[CompoundRow]:
    query = select(CompoundRow).where(CompoundRow.area_code == grid_code).order_by(CompoundRow.code)
    return (await work.session.scalars(query)).all()


def in_areas(column: InstrumentedAttribute[str], areas: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a row's area lies in one of these; none of them means no row."""
    return or_(False, *(column.startswith(area, autoescape=True) for area in areas))


def _change(work: Work, row: Area | CompoundRow, given: Mapping[str, object]) -> bool:
    news = {name: value for name, value in given.items() if getattr(row, name) != value}
    for name, value in news.items():
        setattr(row, name, value)
    if news:
        row.version, row.updated_at = row.version + 1, work.now
    return bool(news)


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field} {message}", fields=[FieldError(field, message)])
