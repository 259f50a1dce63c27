"""The area tree over HTTP: areas, their shapes, and the compounds in them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.grid.access import Anybody, Mapmaker
from services.grid.areas import commands
from services.grid.areas.codes import level_of
from services.grid.areas.geojson import Latitude, Longitude, MultiPolygon, Polygon, Shape, check_shape
from services.grid.areas.models import Area, CompoundRow
from shared.auth.callers import is_area_code
from shared.errors import Absent, FieldError, Invalid
from shared.web import Paging, RequestWork, WorkRoute, page_of, versioned

router = APIRouter(prefix="/areas", tags=["areas"], route_class=WorkRoute)

Name = Annotated[str, Field(min_length=1, max_length=100)]
Prefix = Annotated[str, Query(pattern=r"^[0-9]{0,18}$", description="Only areas whose code begins so")]


class GeoJson(Response):
    """An answer in RFC 7946."""

    media_type = "application/geo+json"


class NewArea(BaseModel):
    """What is said of an area; parent and level follow from its code (a level that is given must agree)."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    level: Annotated[int | None, Field(ge=0, le=6)] = None
    layout: Annotated[str | None, Field(max_length=20, description="How its grids lie, such as 田")] = None
    households: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    polygon: Shape | None = None


class AreaView(BaseModel):
    """An area; `polygon` is a GeoJSON geometry."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    level: int
    parent_code: str | None
    layout: str | None
    households: int
    polygon: Annotated[Polygon | MultiPolygon | None, Field(validation_alias="shape")]
    version: int
    updated_at: datetime


class AreaLine(BaseModel):
    """An area in a list, without its shape."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    level: int
    parent_code: str | None
    households: int
    version: int


class Feature(BaseModel):
    """An area as a GeoJSON feature; its id is the code."""

    type: Literal["Feature"] = "Feature"
    id: str
    geometry: Polygon | MultiPolygon | None
    properties: AreaLine


class Features(BaseModel):
    """Areas as a GeoJSON feature collection."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]


class PointGiven(BaseModel):
    """WGS-84 degrees."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    longitude: Longitude
    latitude: Latitude


class NewCompound(BaseModel):
    """What is said of a compound."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    aliases: Annotated[list[Name], Field(max_length=50)] = []
    point: PointGiven


class CompoundView(BaseModel):
    """A compound of a grid."""

    code: str
    area_code: str
    name: str
    aliases: list[str]
    point: PointGiven
    version: int


@router.put("/{code}", summary="Draw an area, or draw it anew", responses={201: {"model": AreaView}})
async def put_area(
    code: str, new: NewArea, work: RequestWork, caller: Mapmaker, response: Response
) -> AreaView:
    if new.level is not None and is_area_code(code) and new.level != level_of(code):
        message = f"is {level_of(code)} for a code of {len(code)} digits"
        raise Invalid(f"level {message}", fields=[FieldError("level", message)])
    if new.polygon is not None:
        check_shape(new.polygon, "polygon")
    shape = new.polygon.model_dump(mode="json") if new.polygon else None
    given = {"name": new.name, "layout": new.layout, "households": new.households, "shape": shape}
    area, created = await commands.put_area(work, code, given)
    _announce(response, area.version, created=created, location=f"/grid/v1/areas/{code}")
    return AreaView.model_validate(area)


@router.get("", summary="Areas in the order of their codes")
async def list_areas(
    work: RequestWork,
    caller: Anybody,
    page: Paging,
    request: Request,
    response: Response,
    *,
    within: Prefix = "",
    level: Annotated[int | None, Query(ge=0, le=6)] = None,
) -> list[AreaLine]:
    rows = await commands.list_areas(work, page, within=within, level=level)
    shown = page_of(request, response, rows, page, lambda area: (area.code,))
    return [AreaLine.model_validate(area) for area in shown]


@router.get(
    "/geojson", summary="Areas with their shapes, as GeoJSON", response_model=Features, response_class=GeoJson
)
async def draw_areas(
    work: RequestWork,
    caller: Anybody,
    page: Paging,
    request: Request,
    *,
    within: Prefix = "",
    level: Annotated[int | None, Query(ge=0, le=6)] = None,
) -> Response:
    response = Response()
    rows = await commands.list_areas(work, page, within=within, level=level)
    shown = page_of(request, response, rows, page, lambda area: (area.code,))
    body = Features(features=[_feature(area) for area in shown]).model_dump_json().encode()
    return GeoJson(body, headers={k: v for k, v in response.headers.items() if k == "link"})


@router.get("/{code}", summary="An area with its shape")
async def read_area(code: str, work: RequestWork, caller: Anybody, response: Response) -> AreaView:
    area = await commands.get_area(work, code)
    versioned(response, area.version)
    return AreaView.model_validate(area)


@router.get(
    "/{code}/geojson", summary="An area as a GeoJSON feature", response_model=Feature, response_class=GeoJson
)
async def draw_area(code: str, work: RequestWork, caller: Anybody) -> Response:
    area = await commands.get_area(work, code)
    if area.shape is None:
        raise Absent(f"{code} has no shape yet")
    return GeoJson(_feature(area).model_dump_json().encode())


@router.put(
    "/{grid}/compounds/{code}",
    summary="Enter a compound of a grid, or correct it",
    responses={201: {"model": CompoundView}},
)
async def put_compound(
    grid: str,
    code: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,40}$")],
    new: NewCompound,
    work: RequestWork,
    caller: Mapmaker,
    *,
    response: Response,
) -> CompoundView:
    point = {"longitude": new.point.longitude, "latitude": new.point.latitude}
    given = {"name": new.name, "aliases": new.aliases, **point}
    compound, created = await commands.put_compound(work, grid, code, given)
    location = f"/grid/v1/areas/{grid}/compounds/{code}"
    _announce(response, compound.version, created=created, location=location)
    return _compound(compound)


@router.get("/{grid}/compounds", summary="The compounds of a grid")
async def list_compounds(grid: str, work: RequestWork, caller: Anybody) -> list[CompoundView]:
    return [_compound(row) for row in await commands.list_compounds(work, grid)]


def _announce(response: Response, version: int, *, created: bool, location: str) -> None:
    versioned(response, version)
    if created:
        response.status_code = 201
        response.headers["Location"] = location


def _feature(area: Area) -> Feature:
    view = AreaView.model_validate(area)
    return Feature(id=area.code, geometry=view.polygon, properties=AreaLine.model_validate(area))


def _compound(row: CompoundRow) -> CompoundView:
    return CompoundView(
        code=row.code,
        area_code=row.area_code,
        name=row.name,
        aliases=row.aliases,
        point=PointGiven(longitude=row.longitude, latitude=row.latitude),
        version=row.version,
    )
