"""What clients get to see of a mediation: who is at odds and what they agreed on takes a logged reading."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.intake.issues.rules import OFFICE
from services.intake.mediation.colours import LED_BY, Lead
from services.intake.mediation.models import Mediation
from services.intake.mediation.reading import Whole
from services.intake.mediation.rules import CAME_TO_NOTHING, RIGHTS, allowed
from shared.auth import Caller
from shared.events.grid import Colour
from shared.events.intake import MediationState
from shared.privacy import mask_phone


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class InstalmentOut(_Out):
    """One duty and how much of it was done."""

    no: int
    due_on: date
    amount_fen: int | None
    paid_fen: int
    performed_on: date | None


class FollowUpOut(_Out):
    """One look at whether the peace holds."""

    no: int
    due_at: datetime
    done_at: datetime | None
    holds: bool | None


class MediationOut(_Out):
    """A mediation without its words; `rights` is what the parties are told where it came to nothing.

    The colour says who leads it: red a street leader, yellow the area's team; what succeeded is blue, and the
    grid worker looks after it.
    """

    id: UUID
    version: int
    issue_id: UUID
    issue_no: str
    no: int
    state: MediationState
    colour: Colour = Colour.yellow
    led_by: Lead = Lead.area_team
    mediator: str
    sessions: int
    started_at: datetime
    due_at: datetime
    agreed_at: datetime | None
    confirmed_on: date | None
    performed_at: datetime | None
    ended_at: datetime | None
    reason_code: str | None
    parties: int = 0
    agreeing: int = 0
    instalments: list[InstalmentOut] = []
    follow_ups: list[FollowUpOut] = []
    commands: tuple[str, ...] = ()
    rights: dict[str, str] | None = None

    @classmethod
    def of(cls, whole: Whole) -> Self:
        """What staff may see of it."""
        mediation: Mediation = whole.mediation
        return cls.model_validate(mediation).model_copy(
            update={
                "colour": whole.colour,
                "led_by": LED_BY[whole.colour],
                "parties": len(whole.parties),
                "agreeing": sum(party.agrees is True for party in whole.parties),
                "instalments": [InstalmentOut.model_validate(one) for one in whole.instalments],
                "follow_ups": [FollowUpOut.model_validate(one) for one in whole.follow_ups],
                "commands": allowed(mediation.state),
                "rights": RIGHTS if mediation.state in CAME_TO_NOTHING else None,
            }
        )


class PartyOut(_Out):
    """Who is at odds; only the office gets the whole phone number."""

    no: int
    side: str
    name: str
    phone: str | None
    agrees: bool | None
    signed: bool


class FileOut(_Out):
    """The words of a mediation."""

    parties: list[PartyOut]
    facts: str | None
    agreement: str | None

    @classmethod
    def of(cls, whole: Whole, caller: Caller) -> Self:
        """What this caller may see after the reading was written down."""
        parties = [PartyOut.model_validate(party) for party in whole.parties]
        if not caller.has(*OFFICE):
            parties = [
                party.model_copy(update={"phone": mask_phone(party.phone)}) if party.phone else party
                for party in parties
            ]
        return cls(parties=parties, facts=whole.mediation.facts, agreement=whole.mediation.agreement)
