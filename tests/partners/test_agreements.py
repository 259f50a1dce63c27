"""Agreements that end soon: told of once for each end."""

from datetime import datetime
from typing import Any

from services.partners.units.agreements import warn_of_agreements
from shared.events.partners import UnitAgreementExpiring
from shared.testing import Stage
from tests.partners.actors import Actors


async def warned(stage: Stage, on: str) -> list[tuple[str, str]]:
    """What is told when the clock is looked at twice on that day."""
    stage.clock.set(datetime.fromisoformat(f"{on}T09:00:00+08:00"))
    for _ in range(2):
        async with stage.host.work() as work:
            await warn_of_agreements(work)
    found: list[Any] = [event for event in await stage.emitted() if isinstance(event, UnitAgreementExpiring)]
    return [(event.partner_unit.code, event.until.isoformat()) for event in found]


async def test_an_agreement_that_ends_within_thirty_days_is_told_of_once(
    stage: Stage, actors: Actors
) -> None:
    await actors.unit("PU-A", agreement={"signed_on": "2027-01-01", "until": "2027-12-31"})
    await actors.unit("PU-B", agreement={"signed_on": "2027-01-01", "until": "2028-06-30"})
    assert await warned(stage, "2027-11-30") == []
    assert await warned(stage, "2027-12-01") == [("PU-A", "2027-12-31")]
    assert await warned(stage, "2027-12-20") == []
    await actors.unit("PU-A", agreement={"signed_on": "2027-12-21", "until": "2028-06-15"})
    assert await warned(stage, "2028-06-10") == [("PU-A", "2028-06-15"), ("PU-B", "2028-06-30")]


async def test_nobody_is_told_of_units_that_are_not_in_force(stage: Stage, actors: Actors) -> None:
    await actors.unit("PU-A", agreement={"signed_on": "2027-01-01", "until": "2027-12-31"})
    suspended = await actors.clerk.post("/units/PU-A/suspend", json={"reason": "no_show"})
    assert suspended.status_code == 200, suspended.text
    assert await warned(stage, "2027-12-20") == []
    assert await warned(stage, "2028-01-05") == []
