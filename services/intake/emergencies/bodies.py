"""What clients send about an emergency; all of it leaves the community."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.intake.words import PublicNote
from shared.events.intake import EmergencyStage


class EmergencyIn(BaseModel):
    """The state of an emergency, in texts without names or numbers of persons.

    `called` says which of 119, 120, 110 was called, by which role, and when: this software never calls them.
    `on_site_lead` is a role or unit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: PublicNote = ""
    casualties: Annotated[int, Field(ge=0, le=100_000)] = 0
    damage: PublicNote = ""
    trend: PublicNote = ""
    actions: PublicNote = ""
    called: PublicNote = ""
    on_site_lead: PublicNote = ""


class EmergencyReportIn(EmergencyIn):
    """A report upwards, with its stage."""

    stage: EmergencyStage
