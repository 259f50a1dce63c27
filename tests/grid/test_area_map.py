"""Which area a point is in: borders, smallest first, and random maps against the plain way of looking."""

import shapely
from hypothesis import given
from hypothesis import strategies as st

from services.grid.areas.addresses import Compound
from services.grid.areas.shapes import AreaMap, Location, Place

COMMUNITY = "620102014006"
WEST, EAST = f"{COMMUNITY}001", f"{COMMUNITY}002"
TOWN = AreaMap(
    [
        (COMMUNITY, shapely.box(0, 0, 4, 2)),
        (EAST, shapely.box(2, 0, 4, 2)),
        (WEST, shapely.box(0, 0, 2, 2)),
        (f"{WEST}002", shapely.box(0, 1, 2, 2)),
        (f"{WEST}001", shapely.box(0, 0, 2, 1)),
    ],
    [Compound("CP-1", WEST, ("北方苑",), 1.0, 1.5), Compound("CP-2", WEST, ("林勘院",), 3.0, 1.0)],
)


def test_the_smallest_area_around_a_point_is_taken() -> None:
    assert TOWN.locate(1, 0.5) == f"{WEST}001"
    assert TOWN.locate(3, 0.5) == EAST
    assert TOWN.locate(1, 0.5, within=EAST) is None
    assert TOWN.locate(9, 9) is None
    assert len(TOWN) == 5


def test_a_point_on_a_border_is_in_the_area_with_the_lowest_code() -> None:
    assert TOWN.locate(1, 1) == f"{WEST}001"
    assert TOWN.locate(2, 1.5) == f"{WEST}002"
    assert TOWN.locate(2, 1) == f"{WEST}001"
    assert TOWN.locate(0, 0) == f"{WEST}001"
    assert TOWN.locate_all([(1, 1), (2, 1.5), (9, 9), (2, 1)]) == [
        f"{WEST}001",
        f"{WEST}002",
        None,
        f"{WEST}001",
    ]


def test_an_empty_map_and_an_empty_question_have_empty_answers() -> None:
    empty = AreaMap(())
    assert empty.locate(1, 1) is None
    assert empty.locate_all([(1, 1)]) == [None]
    assert TOWN.locate_all([]) == []


def placed(place: Place, at_point: str | None = None, within: str = COMMUNITY) -> Location:
    return TOWN.place(place, within=within, otherwise=COMMUNITY, at_point=at_point)


def test_a_place_is_known_by_its_point_else_its_compound_else_its_address() -> None:
    everything = Place((3, 0.5), "CP-1", "林勘院")
    assert placed(everything, EAST) == Location(EAST, "point")
    assert placed(everything) == Location(f"{WEST}002", "compound", "CP-1")
    assert placed(Place(address="城关区林勘院4号")) == Location(WEST, "address", "CP-2")
    assert placed(Place(compound="北方苑 2单元")) == Location(f"{WEST}002", "compound", "CP-1")
    assert placed(Place(compound="nowhere", address="nowhere")) == Location(COMMUNITY, "none")
    assert placed(everything, EAST, within="620102014007") == Location(COMMUNITY, "none")


cells = st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 5), st.integers(1, 5))
coordinates = st.integers(0, 24).map(lambda half: half / 2)


@given(boxes=st.lists(cells, max_size=25), points=st.lists(st.tuples(coordinates, coordinates), max_size=40))
def test_any_map_finds_what_looking_at_every_area_finds(
    boxes: list[tuple[int, int, int, int]], points: list[tuple[float, float]]
) -> None:
    codes = [f"{COMMUNITY}{number:0{(3, 6)[number % 2]}d}" for number in range(len(boxes))]
    shapes = [shapely.box(x, y, x + width, y + height) for x, y, width, height in boxes]
    area_map = AreaMap(zip(codes, shapes, strict=True))
    plain = []
    for longitude, latitude in points:
        around = [
            c for c, s in zip(codes, shapes, strict=True) if s.covers(shapely.Point(longitude, latitude))
        ]
        plain.append(min(around, key=lambda code: (-len(code), code), default=None))
    assert area_map.locate_all(points) == plain
    assert [area_map.locate(*point) for point in points] == plain
