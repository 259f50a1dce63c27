"""Grid, put together: its handlers, its routes, its long-lived parts."""

from collections.abc import Mapping

from fastapi import APIRouter

from services.grid import handlers
from services.grid.atlas import Atlas
from services.grid.force.rules import ForceRules
from services.grid.households.rules import ColourRules
from services.grid.models import vault
from services.grid.service import grid
from services.grid.settings import GridSettings
from services.grid.visits.rules import VisitRules
from shared.runtime import Plan
from shared.settings import load_yaml

__all__ = ["PLAN", "ROUTERS", "handlers"]


def parts(settings: GridSettings) -> Mapping[type, object]:
    vault.unlock(settings.keyring)
    return {
        GridSettings: settings,
        Atlas: Atlas(),
        ForceRules: load_yaml(settings.grid_force_file, ForceRules),
        ColourRules: load_yaml(settings.grid_colours_file, ColourRules),
        VisitRules: load_yaml(settings.grid_visits_file, VisitRules),
    }


PLAN = Plan(service=grid, settings=GridSettings, parts=parts)
ROUTERS: tuple[APIRouter, ...] = ()
