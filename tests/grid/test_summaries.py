"""How many households are in which colour, told once a week, without naming any."""

from datetime import datetime
from typing import Any

from services.grid.tending import tend_once
from shared.events.grid import RiskSummaryCounted
from tests.grid.test_households import DIALYSIS
from tests.grid.town import EAST, WEST, Town


async def summaries(town: Town, at: str) -> list[Any]:
    """What is told when the clock is looked at twice then."""
    town.stage.clock.set(datetime.fromisoformat(at))
    for _ in range(2):
        await tend_once(town.stage.host)
    return [event for event in await town.stage.emitted() if isinstance(event, RiskSummaryCounted)]


async def test_a_week_is_counted_once_grid_by_grid(town: Town) -> None:
    await town.enter("H-0001", *DIALYSIS)
    await town.enter("H-0002")
    east = {"area_code": EAST, "tags": []}
    assert (await town.clerk.put("/households/H-0003", json=east)).status_code == 201
    [first] = await summaries(town, "2026-03-11T10:00:00+08:00")
    assert first.risk_summary.week.isoformat() == "2026-03-09"
    assert [one.model_dump() for one in first.grids] == [
        {"grid_code": WEST, "red": 1, "yellow": 0, "blue": 1},
        {"grid_code": EAST, "red": 0, "yellow": 0, "blue": 1},
    ]
    assert "H-000" not in first.model_dump_json()
    assert await summaries(town, "2026-03-15T23:59:00+08:00") == []
    assert await summaries(town, "2026-03-16T01:00:00+08:00") == []
    [second] = await summaries(town, "2026-03-16T03:00:00+08:00")
    assert second.risk_summary.week.isoformat() == "2026-03-16"
    assert second.risk_summary.id != first.risk_summary.id
