"""Households: where they are, what is known of them, and their colour by hand."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from services.grid.areas.codes import GRID_LENGTH
from services.grid.areas.commands import in_areas
from services.grid.areas.models import Area
from services.grid.atlas import Atlas
from services.grid.changes import note_change
from services.grid.households.colouring import recolour
from services.grid.households.models import Household
from services.grid.households.rules import ColourRules
from services.grid.rows import enter
from services.grid.settings import GridSettings
from services.grid.visits.models import Visit
from services.grid.visits.rules import OPEN
from shared.clock import local_midnight
from shared.errors import Absent, FieldError, IllegalTransition, Invalid
from shared.events.grid import Colour
from shared.service import Work
from shared.web import Page


async def get_household(work: Work, code: str, *, lock: bool = False) -> Household:
    """The household, where it lies in the caller's areas. Raises `Absent` and `Forbidden`."""
    household = await work.session.get(Household, code, with_for_update=lock or None)
    if household is None:
        raise Absent(f"there is no household {code}")
    work.permit(household.area_code)
    if lock:
        work.expect(household.version)
    return household


async def list_households(
    work: Work, page: Page[str], *, within: str, colour: Colour | None
) -> Sequence[Household]:
    """One more than the page has, of the caller's areas only, in the order of the codes."""
    query = select(Household).where(in_areas(Household.area_code, work.areas()))
    query = query.where(Household.area_code.startswith(within, autoescape=True))
    if colour is not None:
        query = query.where(Household.colour == colour.value)
    if page.after is not None:
        query = query.where(Household.code > page.after[0])
    return (await work.session.scalars(query.order_by(Household.code).limit(page.limit + 1))).all()


async def put_household(
    work: Work,
    code: str,
    *,
    area_code: str | None,
    compound_code: str | None,
    head_name: str | None,
    tags: Iterable[str],
) -> tuple[Household, bool]:
    """Enter a household or correct it, and evaluate its colour; True where it was not there.

    A name that is not given stays as it was.
    """
    kept_tags = json.dumps(_checked_tags(work, list(tags)))
    area = await _area_of(work, area_code, compound_code)
    work.permit(area)
    household, created = await enter(
        work.session, Household, code, _first_values(work, code, area, kept_tags)
    )
    work.permit(household.area_code)
    work.expect(0 if created else household.version)
    given = {"area_code": area, "compound_code": compound_code, "tags": kept_tags}
    if head_name is not None:
        given["head_name"] = head_name
    news = {name: value for name, value in given.items() if getattr(household, name) != value}
    for name, value in news.items():
        setattr(household, name, value)
    if news and not created:
        household.version, household.updated_at = household.version + 1, work.now
    if "area_code" in news:
        await _move_visits(work, household)
    if news or created:
        await work.session.flush()
        await recolour(work, household, reason="entered" if created else "data corrected")
    return household, created


async def confirm_red(work: Work, household: Household, *, reason: str) -> None:
    """A person says that red is right (within 72 hours of its coming; until then it counts as red anyway)."""
    _allow(household, "confirm")
    household.confirmed_at = work.now
    _by_hand(work, household, reason)
    await work.session.flush()


async def approve_step_down(work: Work, household: Household, *, reason: str) -> None:
    """The community agrees that red goes down one step."""
    _allow(household, "approve-step-down")
    household.step_down_approved = True
    _by_hand(work, household, reason)
    await recolour(work, household, reason=reason)


async def override_colour(
    work: Work, household: Household, colour: Colour, *, until: date, reason: str
) -> None:
    """Set the colour by hand to the end of that day, 90 days ahead at most; a later alarm ends it."""
    rules, zone = work.part(ColourRules), work.part(GridSettings).zone
    ends = local_midnight(until + timedelta(days=1), zone)
    if not work.now < ends <= work.now + timedelta(days=rules.override_days + 1):
        message = f"must be today or later, and at most {rules.override_days} days ahead"
        raise Invalid(f"until {message}", fields=[FieldError("until", message)])
    household.override_colour, household.override_until = colour.value, ends
    _by_hand(work, household, reason)
    await recolour(work, household, reason=reason)


async def lift_override(work: Work, household: Household, *, reason: str) -> None:
    """Let the rules speak again."""
    _allow(household, "lift-override")
    household.override_colour = household.override_until = None
    _by_hand(work, household, reason)
    await recolour(work, household, reason=reason)


def _allow(household: Household, command: str) -> None:
    possible = {
        "confirm": household.colour == Colour.red and household.confirmed_at is None,
        "approve-step-down": household.awaits_approval,
        "lift-override": household.override_colour is not None,
        "override": True,
    }
    if not possible[command]:
        allowed = [name for name, is_possible in possible.items() if is_possible]
        raise IllegalTransition(f"{command} is not possible for {household.code} now", allowed=allowed)


def _by_hand(work: Work, household: Household, reason: str) -> None:
    household.version, household.updated_at = household.version + 1, work.now
    note_change(
        work, f"household:{household.code}", before=household.colour, after=household.colour, reason=reason
    )


def _checked_tags(work: Work, tags: list[str]) -> list[str]:
    known = work.part(ColourRules).points
    wrong = [
        FieldError(f"tags.{place}", f"{tag!r} is none of {', '.join(known)}")
        for place, tag in enumerate(tags)
        if tag not in known
    ]
    if wrong:
        raise Invalid("a tag is not known to the rule set", fields=wrong)
    return sorted(set(tags))


async def _area_of(work: Work, area_code: str | None, compound_code: str | None) -> str:
    chart = await work.part(Atlas).chart(work.session)
    compound = chart.map.gazetteer.get(compound_code) if compound_code is not None else None
    if compound_code is not None and compound is None:
        raise _wrong("compound_code", f"there is no compound {compound_code}")
    if area_code is None:
        if compound is None:
            raise _wrong("area_code", "name the area or the compound of the household")
        return chart.map.area_of(compound)
    if len(area_code) < GRID_LENGTH or await work.session.get(Area, area_code) is None:
        raise _wrong("area_code", f"there is no grid or micro-grid {area_code}")
    if compound is not None and not area_code.startswith(compound.area_code):
        raise _wrong("area_code", f"{area_code} is not in {compound.area_code}, the grid of {compound.code}")
    return area_code


def _first_values(work: Work, code: str, area_code: str, tags: str) -> dict[str, object]:
    return {
        "code": code,
        "id": uuid7(),
        "area_code": area_code,
        "tags": tags,
        "version": 1,
        "updated_at": work.now,
        "colour": Colour.blue.value,
        "colour_since": work.now,
        "score": 0,
        "reasons": "[]",
        "rule_set": work.part(ColourRules).version,
        "below": 0,
        "awaits_approval": False,
        "step_down_approved": False,
    }


async def _move_visits(work: Work, household: Household) -> None:
    owed = update(Visit).where(Visit.household_code == household.code, Visit.state.in_(OPEN))
    await work.session.execute(owed.values(area_code=household.area_code))


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, fields=[FieldError(field, message)])
