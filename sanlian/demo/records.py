"""The data of the demo, as the file brings them: what the loader needs of each record, and no more."""

import json
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

Position = tuple[float, float]


class Record(BaseModel):
    """A record of the file; what we do not use of it is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Named(Record):
    code: str
    name: str


class Community(Named):
    street: Named
    point: Position


class Grid(Named):
    households: int
    polygon: tuple[Position, ...]


class MicroGrid(Grid):
    grid: str


class Compound(Named):
    grid: str
    point: Position


class Unit(Named):
    kind: str
    capabilities: tuple[str, ...]


class Post(Record):
    role: str
    name: str


class Force(Record):
    grid: str
    one: Post
    four: tuple[Post, ...]


class Household(Record):
    code: str
    head: str
    compound: str
    tags: tuple[str, ...]


class DemoData(Record):
    """五里铺东社区, partly found, partly assumed; the file says which is which."""

    community: Community
    grids: tuple[Grid, ...]
    micro_grids: tuple[MicroGrid, ...]
    compounds: tuple[Compound, ...]
    pois: tuple[Compound, ...]
    partner_units: tuple[Unit, ...]
    street_endpoints: tuple[Named, ...]
    grid_force: tuple[Force, ...]
    households: tuple[Household, ...]

    def compound(self, code: str) -> Compound:
        return next(one for one in self.compounds if one.code == code)


@cache
def demo_data() -> DemoData:
    text = files("sanlian").joinpath("data/demo_wulipudong.json").read_text(encoding="utf-8")
    return DemoData.model_validate(json.loads(text))
