"""Pure: the shapes of all areas in memory, and which of them a point lies in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from services.grid.areas.addresses import Compound, Gazetteer

Floats: TypeAlias = NDArray[np.float64]
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Place:
    """What a reporter said about the place, in any combination; `point` is longitude and latitude."""

    point: tuple[float, float] | None = None
    compound: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """The smallest area known, and how we know: point, compound, address or none."""

    area_code: str
    method: str
    compound: str | None = None


class AreaMap:
    """Every area with a shape, in a tree that finds the smallest one around a point.

    The smallest is the one with the longest code. A point on a border lies in the areas on both sides;
    of those equally small the one with the lowest code is taken, so that everybody takes the same.
    """

    def __init__(
        self, shapes: Iterable[tuple[str, shapely.Geometry]], compounds: Iterable[Compound] = ()
    ) -> None:
        # In this order the area to prefer is always the one with the lowest position in the tree.
        ordered = sorted(shapes, key=lambda shape: (-len(shape[0]), shape[0]))
        self.codes = [code for code, _ in ordered]
        self._tree = shapely.STRtree([shape for _, shape in ordered])
        self.gazetteer = Gazetteer(compounds)

    def __len__(self) -> int:
        return len(self.codes)

    def locate(self, longitude: float, latitude: float, *, within: str = "") -> str | None:
        """The code of the smallest area in `within` that holds the point (degrees), borders included."""
        found = self._tree.query(shapely.Point(longitude, latitude), predicate="intersects")
        inside = [position for position in found if self.codes[position].startswith(within)]
        return self.codes[min(inside)] if inside else None

    def locate_positions(self, longitudes: Floats, latitudes: Floats) -> NDArray[np.intp]:
        """For each point the position in `codes` of the smallest area around it, or `NOWHERE`."""
        points, areas = self._tree.query(shapely.points(longitudes, latitudes), predicate="intersects")
        best = np.full(len(longitudes), NOWHERE, dtype=np.intp)
        if len(points):
            # The pairs come in the order of the points: where one ends the next begins.
            starts = np.flatnonzero(np.concatenate(([True], points[1:] != points[:-1])))
            best[points[starts]] = np.minimum.reduceat(areas, starts)
        return best

    def locate_all(self, points: Sequence[tuple[float, float]]) -> list[str | None]:
        """The smallest area around each of these points (longitude, latitude), in their order."""
        if not points:
            return []
        degrees = np.asarray(points, dtype=np.float64)
        positions = self.locate_positions(degrees[:, 0], degrees[:, 1])
        return [None if position == NOWHERE else self.codes[position] for position in positions.tolist()]

    def area_of(self, compound: Compound) -> str:
        """The micro-grid at the compound's point where that is one of its grid, else its grid."""
        return (
            self.locate(compound.longitude, compound.latitude, within=compound.area_code)
            or compound.area_code
        )

    def place(self, place: Place, *, within: str, otherwise: str, at_point: str | None) -> Location:
        """Where in the area `within` the place is: by its point, else by its compound, else by its address.

        `at_point` is what `locate_all` found for the point; `otherwise` is the answer where nothing fits.
        """
        if at_point is not None and at_point.startswith(within):
            return Location(at_point, "point")
        compound = self._compound(place.compound, within)
        if compound is not None:
            return Location(self.area_of(compound), "compound", compound.code)
        compound = self.gazetteer.find(place.address, within=within) if place.address else None
        if compound is not None:
            return Location(self.area_of(compound), "address", compound.code)
        return Location(otherwise, "none")

    def _compound(self, named: str | None, within: str) -> Compound | None:
        if not named:
            return None
        found = self.gazetteer.get(named) or self.gazetteer.find(named, within=within)
        return found if found is not None and found.area_code.startswith(within) else None
