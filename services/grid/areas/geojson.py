"""Pure: shapes as GeoJSON (RFC 7946) has them, checked before anybody draws them."""

from typing import Annotated, Literal, TypeAlias

import shapely
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import FieldError, Invalid

MOST_POSITIONS = 20_000

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Position: TypeAlias = tuple[Longitude, Latitude]
Ring: TypeAlias = Annotated[list[Position], Field(min_length=4)]


class Polygon(BaseModel):
    """An outer ring and its holes; each ring ends where it began."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["Polygon"]
    coordinates: Annotated[list[Ring], Field(min_length=1)]


class MultiPolygon(BaseModel):
    """Several polygons that are one area."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Annotated[list[Ring], Field(min_length=1)]], Field(min_length=1)]


Shape: TypeAlias = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


def check_shape(shape: Polygon | MultiPolygon, field: str) -> None:
    """Raise `Invalid` for a shape that is empty, crosses itself, leaves a ring open or is too large."""
    polygons = [shape.coordinates] if isinstance(shape, Polygon) else shape.coordinates
    rings = [ring for polygon in polygons for ring in polygon]
    if sum(len(ring) for ring in rings) > MOST_POSITIONS:
        raise _wrong(field, f"has more than {MOST_POSITIONS} positions: simplify it")
    if any(ring[0] != ring[-1] for ring in rings):
        raise _wrong(field, "has a ring that does not end where it begins")
    drawn = shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in polygons])
    if not drawn.is_valid:
        raise _wrong(field, f"is not a proper area: {shapely.is_valid_reason(drawn)}")


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(f"{field} {message}", fields=[FieldError(field, message)])
