"""What clients send about an escalation; a dossier leaves the community."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.words import HouseholdCode, Moment, PublicNote, PublicText, ReasonCode, Text
from shared.events.intake import EscalationType

# An office or an area.
OfficeCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DossierIn(_Body):
    """What the higher level needs to know, in texts without names or numbers of persons."""

    facts: PublicText
    tried: Annotated[tuple[PublicText, ...], Field(max_length=20)] = ()
    why_not_here: PublicNote = ""
    ask: PublicText
    deadline: Moment | None = None
    evidence_ids: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    place: PublicText | None = None
    need_kind: ReasonCode | None = None
    household_size: Literal["1", "2-3", "4+"] | None = None


class EscalateIn(_Body):
    """Who is asked for what: levels are 1 grid, 2 community, 3 street.

    `target` is an office or area code; without it the area of that level. A hand-over names at least one of
    the criteria of its level (the refusal lists them). Relief is asked for one household: where the issue is
    of one alone, it is that.
    """

    type: Literal[EscalationType.handover, EscalationType.whistle, EscalationType.relief_request] = (
        EscalationType.handover
    )
    to_level: Annotated[int, Field(ge=1, le=3)] = 3
    target: OfficeCode | None = None
    criteria: tuple[ReasonCode, ...] = ()
    household: HouseholdCode | None = None
    dossier: DossierIn


class PassOnIn(_Body):
    """What the street asks the district, or a department of it; without a target the district itself."""

    target: OfficeCode | None = None
    dossier: DossierIn


class RefusalIn(_Body):
    """Why the person who decides says no; it is sent to the one who asked."""

    reason: PublicText


class ReturnIn(_Body):
    """Why the level asked hands it back; a second return takes the leader's own word."""

    reason_code: Literal["not_our_remit", "incomplete", "duplicate", "solve_locally"]
    text: Text | None = None
    by_leader: bool = False


class AcknowledgeIn(_Body):
    """The number under which the level asked keeps it."""

    street_no: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] | None = None


class ReplyIn(_Body):
    """The answer in substance; `needs_community_action` leaves work to the community."""

    outcome_code: ReasonCode
    text: Text
    needs_community_action: bool = False


class ProgressIn(_Body):
    """How far the work has come."""

    text: Text
