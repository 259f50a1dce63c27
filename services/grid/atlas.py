"""The map and the roster, kept in memory and read anew when somebody has changed them."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import shapely
from shapely.geometry import shape as shape_of
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.grid.areas.addresses import Compound
from services.grid.areas.models import Area, CompoundRow, Edition
from services.grid.areas.shapes import AreaMap
from services.grid.force.models import ForceMember
from services.grid.force.rules import Roster
from services.grid.rows import enter

MAP: Final = "map"
ROSTER: Final = "roster"


@dataclass(frozen=True, slots=True)
class Chart:
    """The map and the roster as of one moment."""

    map: AreaMap
    roster: Roster


class Atlas:
    """One a process. Every unit of work asks for the newest edition, so that no replica stays behind.

    An edition is a random id and not a number: what a unit of work reads and then rolls back is never taken
    for the edition that another one commits.
    """

    def __init__(self) -> None:
        self._chart = Chart(AreaMap(()), Roster())
        self._editions: dict[str, UUID] = {}
        self._reading = asyncio.Lock()

    async def chart(self, session: AsyncSession) -> Chart:
        """The newest map and roster; costs one small query where nothing has changed."""
        newest = await _editions(session)
        if newest != self._editions:
            async with self._reading:
                await self._read(session)
        return self._chart

    async def _read(self, session: AsyncSession) -> None:
        # Editions first: what is committed after them is read again the next time, never missed.
        newest = await _editions(session)
        area_map, roster = self._chart.map, self._chart.roster
        if newest.get(MAP) != self._editions.get(MAP):
            area_map = await _read_map(session)
        if newest.get(ROSTER) != self._editions.get(ROSTER):
            roster = await _read_roster(session)
        self._chart, self._editions = Chart(area_map, roster), newest


async def new_edition(session: AsyncSession, name: str) -> None:
    """Tell all copies of the map or the roster, with the commit, that they are out of date."""
    newest = uuid7()
    row, _ = await enter(session, Edition, name, {"name": name, "edition": newest})
    row.edition = newest
    await session.flush()


async def _editions(session: AsyncSession) -> dict[str, UUID]:
    rows = await session.execute(select(Edition.name, Edition.edition))
    return {row.name: row.edition for row in rows}


async def _read_map(session: AsyncSession) -> AreaMap:
    areas = [(row.code, row.shape) for row in await session.execute(select(Area.code, Area.shape))]
    compounds = (await session.scalars(select(CompoundRow))).all()
    # A hundred thousand shapes take seconds, in which other requests want to be served.
    return await asyncio.to_thread(_draw, areas, [_compound(row) for row in compounds])


def _draw(areas: list[tuple[str, dict[str, object] | None]], compounds: list[Compound]) -> AreaMap:
    drawn: list[tuple[str, shapely.Geometry]] = [(code, shape_of(shape)) for code, shape in areas if shape]
    return AreaMap(drawn, compounds)


def _compound(row: CompoundRow) -> Compound:
    return Compound(row.code, row.area_code, (row.name, *row.aliases), row.longitude, row.latitude)


async def _read_roster(session: AsyncSession) -> Roster:
    query = select(ForceMember.area_code, ForceMember.role, ForceMember.subject).where(ForceMember.is_active)
    return Roster([(row.area_code, row.role, row.subject) for row in await session.execute(query)])
