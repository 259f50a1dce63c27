"""Locate points among 100,000 polygons, against shapely's bare tree in the same run.

Prints `name value unit ratio-to-limit`, for points in bulk and one by one.
"""

import time
from collections.abc import Callable

import numpy as np
import shapely

from bench.harness import say
from services.grid.areas.shapes import AreaMap

AREAS, POINTS, SINGLES, ROUNDS = 100_000, 100_000, 20_000, 10


def shapes() -> list[tuple[str, shapely.Geometry]]:
    """Squares of about 100 m side by side, as micro-grids of one community."""
    side = int(AREAS**0.5) + 1
    places = [(number % side, number // side) for number in range(AREAS)]
    west = np.array([103.0 + 0.001 * x for x, _ in places])
    south = np.array([36.0 + 0.001 * y for _, y in places])
    boxes = shapely.box(west, south, west + 0.001, south + 0.001)
    return [(f"620102014006{number:06d}", box) for number, box in enumerate(boxes)]


def fastest(*runs: Callable[[], object]) -> list[float]:
    """Seconds of the fastest of some rounds of each, taken in turns: all meet the same disturbances."""
    times: list[list[float]] = [[] for _ in runs]
    for number in range(ROUNDS):
        both = list(zip(runs, times, strict=True))
        for run, taken in both if number % 2 else reversed(both):
            started = time.perf_counter()
            run()
            taken.append(time.perf_counter() - started)
    return [min(taken) for taken in times]


def main() -> None:
    areas = shapes()
    bare = shapely.STRtree([shape for _, shape in areas])
    ours = AreaMap(areas)
    rng = np.random.default_rng(20260310)
    longitudes = 103.0 + rng.random(POINTS) * 0.3
    latitudes = 36.0 + rng.random(POINTS) * 0.3
    pairs = list(zip(longitudes.tolist(), latitudes.tolist(), strict=True))
    assert all(ours.locate_all(pairs[:1000]))

    limit, value = fastest(
        lambda: bare.query(shapely.points(longitudes, latitudes), predicate="intersects"),
        lambda: ours.locate_all(pairs),
    )
    say("locate_point", POINTS / value, "points/s", limit / value)

    few = pairs[:SINGLES]
    limit, value = fastest(
        lambda: [bare.query(shapely.Point(lon, lat), predicate="intersects") for lon, lat in few],
        lambda: [ours.locate(lon, lat) for lon, lat in few],
    )
    say("locate_point_single", SINGLES / value, "points/s", limit / value)


if __name__ == "__main__":
    main()
