"""What clients send about an issue."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.intake.emergencies.bodies import EmergencyIn
from services.intake.words import (
    AreaCode,
    HouseholdCode,
    IssueNo,
    Line,
    Moment,
    PublicText,
    PublicWord,
    ReasonCode,
    Subject,
    Text,
    Title,
)
from shared.events.intake import Urgency
from shared.privacy import normalised_phone

# The number under which a matter is known where it came from, such as a 12345 work order.
SourceRef = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
CategoryCode = Annotated[str, Field(pattern=r"^([0-9]{4}|99)$", examples=["0503"])]


class Body(BaseModel):
    """Unknown fields are refused: a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Channel(StrEnum):
    """How a matter came to us (domain.md §2.1)."""

    resident_app = "resident_app"
    xiaolan_bangban = "xiaolan_bangban"
    hotline_12345 = "hotline_12345"
    party_paper_hotline = "party_paper_hotline"
    walk_in = "walk_in"
    phone = "phone"
    grid_patrol = "grid_patrol"
    visit = "visit"
    party_member = "party_member"
    partner = "partner"
    street_dispatch = "street_dispatch"
    open311 = "open311"


class PointIn(Body):
    """WGS-84 degrees."""

    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]

    @field_validator("longitude", "latitude")
    @classmethod
    def _to_a_metre(cls, degrees: float) -> float:
        return round(degrees, 5)


class LocationIn(Body):
    """Where it is, as far as anybody knows; `compound` is the name of a residence compound."""

    point: PointIn | None = None
    compound: Line | None = None
    address: Annotated[str, Field(max_length=500)] | None = None

    @field_validator("address")
    @classmethod
    def _written(cls, address: str | None) -> str | None:
        if address is not None and "\x00" in address:
            raise ValueError("must not hold the character NUL")
        return (address or "").strip() or None


class ReporterIn(Body):
    """Who reports; both are encrypted and leave only by a logged reading."""

    name: Annotated[str, Field(max_length=100)] | None = None
    phone: Annotated[str, Field(max_length=30)] | None = None

    @field_validator("phone")
    @classmethod
    def _spelt_alike(cls, phone: str | None) -> str | None:
        return None if phone is None else normalised_phone(phone)


class BeneficiaryIn(ReporterIn):
    """For whom somebody else reports; `relation` is what the two are to each other. Encrypted alike."""

    relation: Annotated[str, Field(max_length=40)] | None = None


class HelpIn(Body):
    """What a partner unit could give; `public_text` is read by partner units and must name nobody."""

    kind: ReasonCode
    tags: Annotated[tuple[PublicWord, ...], Field(max_length=20)] = ()
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    unit: PublicWord = "piece"
    needed_by: Moment | None = None
    public_text: PublicText


class ReportIn(Body):
    """A matter. Staff may give category, urgency, households, help and emergency with it; others may not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "二单元路灯不亮",
                    "text": "晚上七点以后二单元门口的灯不亮。",
                    "location": {"compound": "北方苑小区"},
                    "reporter": {"name": "李明", "phone": "13900000000"},
                }
            ]
        }
    )

    title: Title
    text: Text | None = None
    channel: Channel | None = None
    pillar: Literal["hearts", "organisations", "branches"] = "hearts"
    location: LocationIn = LocationIn()
    reporter: ReporterIn | None = None
    beneficiary: BeneficiaryIn | None = None
    anonymous: bool = False
    affected_households: Annotated[int, Field(ge=1, le=100_000)] = 1
    source_ref: Annotated[SourceRef | None, Field(description="The number that a hotline gave it")] = None
    follows: Annotated[IssueNo, Field(description="The number of a closed issue")] | None = None
    category: CategoryCode | None = None
    urgency: Urgency | None = None
    households: Annotated[tuple[HouseholdCode, ...], Field(max_length=200)] = ()
    help: HelpIn | None = None
    emergency: EmergencyIn | None = None


class AcceptIn(Body):
    """What the matter is; what is left out stays as reported, or follows from the category.

    `area_code` counts before grid's finding; `level` is where work begins, `against` who is complained about.
    """

    area_code: AreaCode | None = None
    category: CategoryCode | None = None
    urgency: Urgency | None = None
    level: Literal[0, 1, 2] | None = None
    pillar: Literal["hearts", "organisations", "branches"] | None = None
    affected_households: Annotated[int, Field(ge=1, le=100_000)] | None = None
    households: Annotated[tuple[HouseholdCode, ...], Field(max_length=200)] | None = None
    against: Subject | None = None
    emergency: EmergencyIn | None = None
    note: Text | None = None


class RejectIn(Body):
    """Why it is not ours, and what the reporter can do instead."""

    reason_code: ReasonCode
    advice: Text


class MergeIn(Body):
    """The issue that stands for both from now on."""

    master_id: UUID
    note: Text | None = None


class AssignIn(Body):
    """Who handles it: `unit` is an area or office code, the issue's own area where it is left out."""

    person: Subject
    unit: AreaCode | None = None
    note: Text | None = None


class ReasonIn(Body):
    """A reason as a code; the note is for the people who work on it."""

    reason_code: ReasonCode
    note: Text | None = None


class NoteIn(Body):
    """Nothing is needed; a note may be left."""

    note: Text | None = None


class SuspendIn(Body):
    """What is waited for, and until when at the latest."""

    reason_code: Literal["waiting_reporter", "waiting_third_party", "season", "court"]
    until: Moment
    note: Text | None = None


class ResolveIn(Body):
    """The outcome with its evidence; without ids, all that staff have added stands for it."""

    outcome_code: ReasonCode
    evidence: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    note: Text | None = None


class VerifyIn(Body):
    """A matter of category 99 gets its right category here at the latest."""

    category: CategoryCode | None = None
    note: Text | None = None


class CallBackIn(Body):
    """One try to reach the reporter; `solved` is asked of whoever was reached."""

    reached: bool
    solved: bool | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    note: Text | None = None


class WhyIn(Body):
    """Why personal data is read; it goes into the read log."""

    reason: Annotated[str, Field(min_length=4, max_length=500)]

    @field_validator("reason")
    @classmethod
    def _says_something(cls, reason: str) -> str:
        if len(reason.strip()) < 4 or "\x00" in reason:
            raise ValueError("say in words why")
        return reason.strip()


class SearchIn(WhyIn):
    """A phone number to search for, and why."""

    phone: Annotated[str, Field(max_length=30)]

    @field_validator("phone")
    @classmethod
    def _spelt_alike(cls, phone: str) -> str:
        return normalised_phone(phone)
