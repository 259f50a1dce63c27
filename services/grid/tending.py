"""What goes on beside the requests: visits fall due and are missed, colours are evaluated every night."""

import asyncio

from sqlalchemy import or_, select

from services.grid.households.colouring import recolour
from services.grid.households.models import Household
from services.grid.households.rules import ColourRules
from services.grid.households.summaries import summarise_week
from services.grid.settings import GridSettings
from services.grid.visits.commands import find_missed, let_fall_due
from shared.clock import local_date
from shared.host import Host
from shared.service import Work

PAUSE_S = 60.0
MOST = 200


async def tend_households(host: Host) -> None:
    """Look after visits and colours for good."""
    while True:
        await tend_once(host)
        await asyncio.sleep(PAUSE_S)


async def tend_once(host: Host) -> None:
    """Do what is to be done now, in units of work of a bounded size."""
    for step in (let_fall_due, find_missed, evaluate_tonight, summarise_week):
        while True:
            async with host.work() as work:
                done = await step(work, most=MOST)
            if done < MOST:
                break


async def evaluate_tonight(work: Work, *, most: int) -> int:
    """Evaluate households that have not been since the night began, and return how many."""
    zone = work.part(GridSettings).zone
    today = local_date(work.now, zone)
    if work.now.astimezone(zone).hour < work.part(ColourRules).nightly_hour:
        return 0
    waiting = or_(Household.evaluated_on.is_(None), Household.evaluated_on < today)
    query = (
        select(Household)
        .where(waiting)
        .order_by(Household.code)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    households = (await work.session.scalars(query)).all()
    for household in households:
        await recolour(work, household, reason="nightly evaluation")
    return len(households)
