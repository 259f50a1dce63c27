"""Grid, put together: its handlers, its routes, its long-lived parts."""

from collections.abc import Mapping

from services.grid import handlers
from services.grid.areas import routes as areas
from services.grid.areas import routes_locate as locate
from services.grid.atlas import Atlas
from services.grid.force import routes as force
from services.grid.force.rules import ForceRules
from services.grid.households import routes as households
from services.grid.households.rules import ColourRules
from services.grid.models import Base, vault
from services.grid.service import grid
from services.grid.settings import GridSettings
from services.grid.tending import tend_households
from services.grid.visits import routes as visits
from services.grid.visits.rules import VisitRules
from shared.rotation import Secrets, keeping_keys_current
from shared.runtime import Plan
from shared.settings import load_yaml

__all__ = ["PLAN", "ROUTERS", "handlers"]


def _parts(settings: GridSettings) -> Mapping[type, object]:
    vault.unlock(settings.keyring)
    return {
        GridSettings: settings,
        Atlas: Atlas(),
        ForceRules: load_yaml(settings.grid_force_file, ForceRules),
        ColourRules: load_yaml(settings.grid_colours_file, ColourRules),
        VisitRules: load_yaml(settings.grid_visits_file, VisitRules),
    }


SECRETS = Secrets(Base.metadata, vault)
PLAN = Plan(
    service=grid,
    settings=GridSettings,
    parts=_parts,
    background=(tend_households, keeping_keys_current(SECRETS)),
)
ROUTERS = (areas.router, locate.router, force.router, households.router, visits.router)
