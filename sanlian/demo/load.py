"""Bring the demo's community in through the public API, as an operator would; once more changes nothing."""

from collections.abc import Mapping

from sanlian.demo.access import Access, Secrets, Source, access_of, keep_secrets, kept_secrets
from sanlian.demo.doors import Door
from sanlian.demo.people import OPERATOR
from sanlian.demo.records import DemoData, Household, Position, demo_data
from sanlian.demo.town import Town
from sanlian.footings import State

# The data say who stands where, and the API wants to know since when; this is our own.
AGREEMENT = {"signed_on": "2026-01-01"}
SHOP = "POI-SHOP"


def load_once(state: State, base_url: str) -> Access:
    """Load the demo where this state folder does not know its secrets yet."""
    if kept_secrets(state) is None:
        load(state, base_url)
    return access_of(state, base_url)


def load(state: State, base_url: str) -> None:
    """Everything of the file; keys and secrets that are shown only once are kept in the state folder."""
    data = demo_data()
    with Town(base_url, state) as town:
        door = town.person(OPERATOR)
        _load_areas(data, door)
        _load_force(data, door)
        _load_households(data, door)
        _load_shop(data, door)
        known = kept_secrets(state) or Secrets(partner_keys={}, sources={})
        keys = _load_units(data, door, known.partner_keys)
        keep_secrets(state, Secrets(partner_keys=keys, sources=known.sources))
        sources = _load_sources(data, door, known.sources)
        keep_secrets(state, Secrets(partner_keys=keys, sources=sources))


def _load_areas(data: DemoData, door: Door) -> None:
    community = data.community
    door.put(f"/grid/v1/areas/{community.street.code}", {"name": community.street.name})
    households = sum(grid.households for grid in data.grids)
    door.put(f"/grid/v1/areas/{community.code}", {"name": community.name, "households": households})
    for grid in (*data.grids, *data.micro_grids):
        door.put(
            f"/grid/v1/areas/{grid.code}",
            {"name": grid.name, "households": grid.households, "polygon": _polygon(grid.polygon)},
        )
    for compound in data.compounds:
        longitude, latitude = compound.point
        door.put(
            f"/grid/v1/areas/{compound.grid}/compounds/{compound.code}",
            {"name": compound.name, "point": {"longitude": longitude, "latitude": latitude}},
        )


def _polygon(positions: tuple[Position, ...]) -> Mapping[str, object]:
    return {"type": "Polygon", "coordinates": [list(positions)]}


def _load_force(data: DemoData, door: Door) -> None:
    for force in data.grid_force:
        for post in (force.one, *force.four):
            subject = f"{force.grid}:{post.role}"
            door.put(f"/grid/v1/force/{force.grid}/{post.role}/{subject}", {"name": post.name})


def _load_households(data: DemoData, door: Door) -> None:
    for household in data.households:
        compound = data.compound(household.compound)
        door.put(
            f"/grid/v1/households/{household.code}",
            {
                "area_code": compound.grid,
                "compound_code": compound.code,
                "head_name": household.head,
                "tags": _tags(household),
            },
        )


def _load_shop(data: DemoData, door: Door) -> None:
    """A shop is looked after as a household is: it has a colour, and somebody comes to see it."""
    shop = next(one for one in data.pois if one.code == SHOP)
    door.put(f"/grid/v1/households/{shop.code}", {"area_code": shop.grid, "head_name": shop.name})


def _tags(household: Household) -> list[str]:
    """The file joins tags with a plus; what has a colon is an alarm, which the stories raise."""
    parts = [part for tag in household.tags for part in tag.split("+")]
    return [part for part in parts if ":" not in part]


def _load_units(data: DemoData, door: Door, known: Mapping[str, str]) -> Mapping[str, str]:
    keys = dict(known)
    for unit in data.partner_units:
        path = f"/partners/v1/units/{unit.code}"
        form = {
            "name": unit.name,
            "kind": unit.kind,
            "area_code": data.community.code,
            "agreement": AGREEMENT,
        }
        door.put(path, form)
        if unit.code not in keys:
            keys[unit.code] = door.post(f"{path}/keys", {"label": "demo"}, expect=201)["key"]
    return keys


def _load_sources(data: DemoData, door: Door, known: Mapping[str, Source]) -> Mapping[str, Source]:
    sources = dict(known)
    street = data.community.street.code
    for office in data.street_endpoints:
        if office.code not in sources:
            made = door.post(
                "/notify/v1/sources",
                {"code": office.code, "office": office.code, "area_code": street},
                expect=201,
            )
            sources[office.code] = Source(path=f"/notify/v1/hooks/{office.code}", secret=made["secret"])
    return sources
