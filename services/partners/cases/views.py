"""What goes in and out over HTTP about cases: the case for a list, the file for whoever says why."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.partners.cases.rules import Form as Given
from services.partners.cases.rules import MeasureKind, MeasureState
from services.partners.forms import AreaCode, Form, Measure, Moment, Quantity, ReasonCode, View

HouseholdCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Who = Annotated[str, Field(min_length=1, max_length=64, description="An office, a unit or a role: no name")]
Words = Annotated[str, Field(min_length=1, max_length=1000)]
Yuan = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$", examples=["500.00"])]
Subject = Annotated[str, Field(min_length=1, max_length=200)]


class OpenForm(Form):
    """A household that is to be helped, and why, as a code."""

    household_code: HouseholdCode
    area_code: AreaCode
    opened_for: ReasonCode


class MeasureForm(Form):
    """One measure; `kind` is policy, social or party_member. An id names one that is there already."""

    id: UUID | None = None
    kind: MeasureKind
    what: Words
    who: Who
    starts_on: date | None = None
    ends_on: date | None = None
    amount: Yuan | None = None
    state: MeasureState = MeasureState.planned

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("ends_on must not come before starts_on")
        return self


class PlanForm(Form):
    """The plan as it is from now on; measures that are not named are dropped."""

    goal: Words
    lead: Subject
    backup: Subject | None = None
    review_on: date | None = None
    visit_cadence_days: Annotated[int, Field(ge=1, le=366)] | None = None
    measures: Annotated[tuple[MeasureForm, ...], Field(max_length=50)]


class GoodsForm(Form):
    """One kind of goods, counted in `measure`."""

    what: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Quantity
    measure: Measure = "piece"


class GivenForm(Form):
    """What was given: goods with form goods, an amount with form money, and neither with a referral."""

    office: Who
    form: Given
    given_at: Moment
    goods: Annotated[tuple[GoodsForm, ...], Field(max_length=50)] = ()
    amount: Yuan | None = None
    measure_id: UUID | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "office": "街道妇联",
                    "form": "goods",
                    "given_at": "2026-03-08T10:00:00+08:00",
                    "goods": [{"what": "棉被", "quantity": 2, "measure": "床"}],
                }
            ]
        }
    )

    @model_validator(mode="after")
    def _holds_what_it_says(self) -> Self:
        if bool(self.goods) != (self.form is Given.goods):
            raise ValueError("goods go with form goods, and with no other")
        if (self.amount is not None) != (self.form is Given.money):
            raise ValueError("an amount goes with form money, and with no other")
        return self


class WhyForm(Form):
    """Why the file is read; it goes into the read log."""

    reason: Annotated[str, Field(min_length=3, max_length=500, examples=["the visit of this week"])]


class CaseView(View):
    """A case in a list: no words, nobody's name."""

    id: UUID
    version: int
    household_code: str
    area_code: str
    state: str
    opened_for: str
    issue_no: str | None
    lead: str | None
    review_on: date | None
    created_at: datetime
    changed_at: datetime
    commands: tuple[str, ...] = ()


class MeasureView(View):
    """A measure of the plan; `amount` is for those who lead cases."""

    id: UUID
    kind: str
    what: str
    who: str
    starts_on: date | None
    ends_on: date | None
    amount: str | None
    state: str


class EntryView(View):
    """What was given, by whom, and when; `amount` is for those who lead cases."""

    id: UUID
    measure_id: UUID | None
    source: str
    office: str
    form: str
    goods: tuple[GoodsForm, ...]
    amount: str | None
    given_at: datetime
    noted_at: datetime


class FileView(CaseView):
    """The case with its plan and its ledger."""

    goal: str | None
    backup: str | None
    visit_cadence_days: int | None
    measures: list[MeasureView]
    ledger: list[EntryView]
