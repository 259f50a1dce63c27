"""Households over HTTP: lists without names, and readings of what is personal with their reason."""

import json
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.grid.access import CareJudge, CareLister, CareWorker, HouseholdKeeper, Office
from services.grid.disclosure import note_reading
from services.grid.households import alarms, commands
from services.grid.households.colouring import standing_of, tags_of
from services.grid.households.models import Household
from shared.errors import Absent
from shared.events.grid import Colour
from shared.web import Paging, RequestWork, WorkRoute, page_of, versioned

router = APIRouter(prefix="/households", tags=["households"], route_class=WorkRoute)

Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,40}$")]
Because = Annotated[str, Query(min_length=2, max_length=500, description="Why this is read; it is kept")]
ReasonText = Annotated[str, Field(min_length=2, max_length=500)]
Prefix = Annotated[str, Query(pattern=r"^[0-9]{0,18}$", description="Only areas whose code begins so")]


class NewHousehold(BaseModel):
    """What is said of a household; without an area it lies where its compound does."""

    model_config = ConfigDict(extra="forbid")

    area_code: Annotated[str | None, Field(pattern=r"^([0-9]{15}|[0-9]{18})$")] = None
    compound_code: Annotated[str | None, Field(max_length=40)] = None
    head_name: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    tags: Annotated[list[str], Field(max_length=50)] = []


class HouseholdView(BaseModel):
    """A household without its name and without what is known of its life."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    area_code: str
    compound_code: str | None
    colour: Colour
    colour_since: datetime
    confirm_by: datetime | None
    confirmed_at: datetime | None
    awaits_approval: bool
    override_until: datetime | None
    version: int


class HeadView(BaseModel):
    """Who the household is."""

    code: str
    head_name: str


class ReasonView(BaseModel):
    """One thing that counted; no points where it makes red by itself."""

    code: str
    points: int | None
    text: str


class ColourView(BaseModel):
    """The colour, what it was made of, and by which rule set. `below` counts days that came out lower."""

    code: str
    colour: Colour
    since: datetime
    score: int
    rule_set: str
    inputs: list[str]
    reasons: list[ReasonView]
    below: int
    awaits_approval: bool
    confirm_by: datetime | None
    confirmed_at: datetime | None
    override_until: datetime | None
    version: int


class Word(BaseModel):
    """A person's word, with its reason."""

    model_config = ConfigDict(extra="forbid")

    reason: ReasonText


class NewOverride(Word):
    """A colour by hand, to the end of the day `until`."""

    colour: Colour
    until: date


class NewAlarm(Word):
    """What makes red at once: sudden_event, threat_of_violence or life_danger_report."""

    kind: str
    at: AwareDatetime


@router.put("/{code}", summary="Enter a household or correct it", responses={201: {"model": HouseholdView}})
async def put_household(
    code: Code, new: NewHousehold, work: RequestWork, caller: HouseholdKeeper, response: Response
) -> HouseholdView:
    household, created = await commands.put_household(work, code, **new.model_dump())
    if created:
        response.status_code = 201
        response.headers["Location"] = f"/grid/v1/households/{code}"
    return _view(household, response)


@router.get("", summary="Households of your areas, without names")
async def list_households(
    work: RequestWork,
    caller: CareLister,
    page: Paging,
    request: Request,
    response: Response,
    *,
    within: Prefix = "",
    colour: Annotated[Colour | None, Query()] = None,
) -> list[HouseholdView]:
    rows = await commands.list_households(work, page, within=within, colour=colour)
    shown = page_of(request, response, rows, page, lambda row: (row.code,))
    return [HouseholdView.model_validate(row) for row in shown]


@router.get("/{code}", summary="A household, without its name")
async def read_household(
    code: Code, work: RequestWork, caller: CareWorker, response: Response
) -> HouseholdView:
    return _view(await commands.get_household(work, code), response)


@router.get("/{code}/head", summary="Who the household is; the reading is written down")
async def read_head(code: Code, work: RequestWork, caller: CareWorker, *, reason: Because) -> HeadView:
    household = await commands.get_household(work, code)
    await note_reading(work, f"household:{code}", ["head_name"], reason=reason)
    if household.head_name is None:
        raise Absent(f"no name is kept for {code}")
    return HeadView(code=code, head_name=household.head_name)


@router.get("/{code}/colour", summary="The colour with inputs and reasons; the reading is written down")
async def read_colour(
    code: Code, work: RequestWork, caller: CareWorker, response: Response, *, reason: Because
) -> ColourView:
    household = await commands.get_household(work, code)
    await note_reading(work, f"household:{code}", ["tags", "reasons", "score"], reason=reason)
    versioned(response, household.version)
    return ColourView(
        code=code,
        colour=Colour(household.colour),
        since=standing_of(household).since,
        score=household.score,
        rule_set=household.rule_set,
        inputs=sorted(tags_of(household)),
        reasons=[ReasonView.model_validate(one) for one in json.loads(household.reasons)],
        below=household.below,
        awaits_approval=household.awaits_approval,
        confirm_by=household.confirm_by,
        confirmed_at=household.confirmed_at,
        override_until=household.override_until,
        version=household.version,
    )


@router.post("/{code}/alarms", status_code=201, summary="Put down what makes a household red at once")
async def raise_alarm(
    code: Code, new: NewAlarm, work: RequestWork, caller: CareWorker, response: Response
) -> HouseholdView:
    household = await commands.get_household(work, code, lock=True)
    await alarms.raise_alarm(work, household, new.kind, new.at, reason=new.reason)
    response.headers["Location"] = f"/grid/v1/households/{code}/colour"
    return _view(household, response)


@router.post("/{code}/colour/confirm", summary="Confirm that red is right")
async def confirm_red(
    code: Code, word: Word, work: RequestWork, caller: CareJudge, response: Response
) -> HouseholdView:
    household = await commands.get_household(work, code, lock=True)
    await commands.confirm_red(work, household, reason=word.reason)
    return _view(household, response)


@router.post("/{code}/colour/approve-step-down", summary="Agree that red goes down one step")
async def approve_step_down(
    code: Code, word: Word, work: RequestWork, caller: Office, response: Response
) -> HouseholdView:
    household = await commands.get_household(work, code, lock=True)
    await commands.approve_step_down(work, household, reason=word.reason)
    return _view(household, response)


@router.post("/{code}/colour/override", summary="Set the colour by hand for at most 90 days")
async def override_colour(
    code: Code, new: NewOverride, work: RequestWork, caller: Office, response: Response
) -> HouseholdView:
    household = await commands.get_household(work, code, lock=True)
    await commands.override_colour(work, household, new.colour, until=new.until, reason=new.reason)
    return _view(household, response)


@router.post("/{code}/colour/lift-override", summary="Let the rules speak again")
async def lift_override(
    code: Code, word: Word, work: RequestWork, caller: Office, response: Response
) -> HouseholdView:
    household = await commands.get_household(work, code, lock=True)
    await commands.lift_override(work, household, reason=word.reason)
    return _view(household, response)


def _view(household: Household, response: Response) -> HouseholdView:
    versioned(response, household.version)
    return HouseholdView.model_validate(household)
