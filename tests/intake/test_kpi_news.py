"""The figures of a day and a month are told once, when the period is over and all of it is counted."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, func, select

from services.intake.issues.models import TimelineEntry
from services.intake.kpis.folding import SUMS, first_id_at, fold, held_progress
from services.intake.kpis.telling import keep_telling, tell_due
from services.intake.periods import PeriodEnd
from shared import bulk
from shared.clock import LOCAL_ZONE
from shared.events.intake import KpiDayCounted, KpiFigure, KpiMonthCounted, KpiReportSnapshot
from shared.testing import COMMUNITY, Stage
from tests.intake.background import at_work, until
from tests.intake.people import GRID, People

END = UUID(int=2**128 - 1)


async def count(stage: Stage) -> None:
    async with stage.host.work() as work:
        await fold(work, END)


async def told(stage: Stage) -> list[KpiReportSnapshot]:
    """All that is due, told; each report as it went out."""
    while await tell_due(stage.host):
        pass
    events = await stage.emitted()
    return [event.report for event in events if isinstance(event, KpiDayCounted | KpiMonthCounted)]


def by_code(figures: tuple[KpiFigure, ...]) -> dict[str, tuple[int | None, int | None, float | None]]:
    return {one.code: (one.numerator, one.denominator, one.value) for one in figures}


async def test_a_day_is_told_once_for_the_community_and_each_grid_after_it_is_over(
    stage: Stage, people: People
) -> None:
    assert await told(stage) == []
    await people.issue("closed")
    await people.report(people.clerk, channel="walk_in")
    await count(stage)
    stage.clock.set(datetime(2026, 3, 6, 0, 9, 59, tzinfo=LOCAL_ZONE))
    assert await told(stage) == []
    stage.clock.advance(timedelta(seconds=1))
    (report,) = await told(stage)
    assert (report.first, report.last, report.counted_at) == (
        date(2026, 3, 5),
        date(2026, 3, 5),
        stage.clock.now(),
    )
    assert (report.community_code, report.area_code, report.street_code) == (
        COMMUNITY,
        COMMUNITY,
        "620102014",
    )
    whole = by_code(report.community)
    # Two cases are too few for a percentage, and the composite of such figures says nothing.
    assert (whole["K1"], whole["K22"], whole["K4"]) == ((1, 2, None), (0, 2, None), (1, 1, None))
    assert whole["K6"] == (None, None, None)
    assert [(place.area_code, by_code(place.figures)["K1"]) for place in report.grids] == [
        (GRID, (1, 1, None))
    ]
    assert await told(stage) == []


async def test_days_that_an_outage_held_up_are_told_in_order_and_the_month_after_its_last(
    stage: Stage, people: People
) -> None:
    await told(stage)
    await people.issue("closed")
    await count(stage)
    stage.clock.set(datetime(2026, 4, 2, 9, 0, tzinfo=LOCAL_ZONE))
    reports = await told(stage)
    days = [report for report in reports if report.first == report.last]
    assert [report.first for report in days] == [date(2026, 3, 5) + timedelta(days=n) for n in range(28)]
    (month,) = [report for report in reports if report.first != report.last]
    assert (month.first, month.last) == (date(2026, 3, 1), date(2026, 3, 31))
    assert by_code(month.community)["K7"] == (1, 1, None)
    assert len({report.id for report in reports}) == len(reports)
    # A quiet day is told as well: nothing counted, and nobody had to guess.
    assert by_code(days[1].community)["K1"] == (0, 0, None)
    assert days[1].grids == ()


async def add_line(stage: Stage, issue_id: UUID) -> None:
    """A line whose id is of the moment on stage; others get theirs by the machine's clock, and come after."""
    line = {
        "id": first_id_at(stage.clock.now()), "issue_id": issue_id, "version": 1, "at": stage.clock.now(),
        "actor": "a", "role": "r", "command": "interim-reply", "to_state": "reported",
    }  # fmt: skip
    async with stage.host.work() as work:
        await bulk.insert(work.session, cast(Table, TimelineEntry.__table__), [line])


async def reported(stage: Stage) -> int:
    """How many issues are counted."""
    async with stage.host.look() as work:
        query = select(func.sum(SUMS.c.denominator)).where(SUMS.c.kpi == "K22")
        return int(await work.session.scalar(query) or 0)


async def fold_one_line(stage: Stage) -> int:
    async with stage.host.work() as work:
        await fold(work, END, 1)
    return await reported(stage)


async def test_an_issue_is_counted_with_the_last_line_that_has_gathered(stage: Stage, people: People) -> None:
    issue = await people.report()
    for _ in range(2):
        await add_line(stage, UUID(issue["id"]))
        stage.clock.advance(timedelta(hours=1))
    assert [await fold_one_line(stage) for _ in range(2)] == [0, 1]


async def test_an_issue_that_goes_on_after_midnight_is_counted_in_the_figures_of_the_day_before(
    stage: Stage, people: People
) -> None:
    await told(stage)
    issue = await people.report()
    await add_line(stage, UUID(issue["id"]))
    # Its own line comes much later, and is there already.
    assert await fold_one_line(stage) == 1
    stage.clock.advance(timedelta(days=1))
    (report,) = await told(stage)
    assert by_code(report.community)["K22"] == (0, 1, None)


async def test_a_line_that_is_not_counted_yet_holds_its_day_up(stage: Stage) -> None:
    await told(stage)
    await add_line(stage, END)
    stage.clock.advance(timedelta(days=1))
    assert await told(stage) == []
    await count(stage)
    assert len(await told(stage)) == 1


async def test_a_day_whose_lines_may_still_be_written_waits_whatever_the_clock_says(stage: Stage) -> None:
    # Lines get their ids by the machine's clock, which has not come that far.
    stage.clock.set(datetime.now(UTC) + timedelta(days=3))
    assert await told(stage) == []
    stage.clock.advance(timedelta(days=40))
    assert await told(stage) == []


async def test_while_one_replica_tells_another_finds_nothing_to_do(stage: Stage) -> None:
    await told(stage)
    await count(stage)
    stage.clock.advance(timedelta(days=1))
    if stage.host.database.is_sqlite:
        # One writes at a time there.
        return
    async with stage.host.work() as other:
        await other.session.execute(select(PeriodEnd.name).with_for_update())
        assert await tell_due(stage.host) == 0
    async with stage.host.work() as other:
        await held_progress(other)
        assert await tell_due(stage.host) == 0
    assert len(await told(stage)) == 1


async def test_replicas_at_the_same_moment_tell_of_a_day_once(stage: Stage) -> None:
    await told(stage)
    await count(stage)
    stage.clock.advance(timedelta(days=1))
    assert sum(await asyncio.gather(*(tell_due(stage.host) for _ in range(4)))) == 1
    assert len(await stage.emitted()) == 1


async def test_the_background_work_tells_by_itself(stage: Stage) -> None:
    await told(stage)
    stage.clock.advance(timedelta(days=2))
    heard: list[object] = []

    async def is_told() -> bool:
        heard.extend(await stage.emitted())
        return len(heard) == 2

    async with at_work(keep_telling, stage.host):
        await until(is_told)
