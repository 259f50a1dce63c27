"""What grid needs to know beside what every service does."""

from pathlib import Path

from shared.settings import ServiceSettings

RULES = Path(__file__).resolve().parent / "rules"


class GridSettings(ServiceSettings):
    """Paths of the rule files, to be replaced by a community's own."""

    grid_force_file: Path = RULES / "force.yaml"
    grid_colours_file: Path = RULES / "colours.yaml"
    grid_visits_file: Path = RULES / "visits.yaml"
