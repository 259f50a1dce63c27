"""What intake needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """`issue_prefix` begins every issue number; the files take the place of our own rules.

    `contact_public_key` is grid's: places of personal matters are sealed to it.
    """

    issue_prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,7}$")] = "WLD"
    intake_categories_file: Path | None = None
    intake_limits_file: Path | None = None
    intake_channels_file: Path | None = None
