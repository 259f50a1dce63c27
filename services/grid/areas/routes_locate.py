"""Where a point or an address lies, asked over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.grid.access import Anybody
from services.grid.areas.codes import chain_of, level_of
from services.grid.areas.geojson import Latitude, Longitude, Position
from services.grid.areas.shapes import AreaMap
from services.grid.atlas import Atlas
from shared.errors import Absent, FieldError, Invalid
from shared.service import Work
from shared.web import RequestWork, WorkRoute

router = APIRouter(prefix="/locate", tags=["locate"], route_class=WorkRoute)

MOST_POINTS = 1000


class Found(BaseModel):
    """The smallest area, how it was found (point or address), and the areas around it, smallest first."""

    area_code: str
    level: int
    method: str
    compound: str | None = None
    areas: list[str]


class Points(BaseModel):
    """Points as GeoJSON has them: longitude, latitude."""

    model_config = ConfigDict(extra="forbid")

    points: Annotated[list[Position], Field(min_length=1, max_length=MOST_POINTS)]


class FoundAll(BaseModel):
    """The smallest area of each point in the order asked; null where there is none."""

    area_codes: list[str | None]


@router.get("", summary="The smallest area around a point, or the one that an address names")
async def locate(
    work: RequestWork,
    caller: Anybody,
    *,
    longitude: Annotated[Longitude | None, Query()] = None,
    latitude: Annotated[Latitude | None, Query()] = None,
    address: Annotated[str | None, Query(min_length=2, max_length=500)] = None,
) -> Found:
    area_map = await _map(work)
    if address is not None and longitude is None and latitude is None:
        compound = area_map.gazetteer.find(address)
        if compound is None:
            raise Absent("no compound that we know is named in this address")
        return _found(area_map.area_of(compound), "address", compound.code)
    if address is not None or longitude is None or latitude is None:
        message = "give either longitude and latitude, or address"
        fields = [FieldError(name, message) for name in ("longitude", "latitude", "address")]
        raise Invalid(message, fields=fields)
    code = area_map.locate(longitude, latitude)
    if code is None:
        raise Absent("no area that we know holds this point")
    return _found(code, "point")


@router.post("", summary="The smallest area around each of up to 1,000 points")
async def locate_all(asked: Points, work: RequestWork, caller: Anybody) -> FoundAll:
    area_map = await _map(work)
    return FoundAll(area_codes=area_map.locate_all(asked.points))


def _found(code: str, method: str, compound: str | None = None) -> Found:
    return Found(area_code=code, level=level_of(code), method=method, compound=compound, areas=chain_of(code))


async def _map(work: Work) -> AreaMap:
    return (await work.part(Atlas).chart(work.session)).map
