"""What runs beside the requests: one row that is broken, or two that work on it, harm nobody else."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from services.intake.clocks.watch import strike_due
from services.intake.issues.models import Issue
from shared.testing import Stage
from tests.intake.people import People, kinds
from tests.intake.test_escalation_clocks import WHISTLE, asked


async def test_an_issue_that_no_clock_can_read_holds_up_no_other_clock(stage: Stage, people: People) -> None:
    broken = await people.report()
    await asked(people, await people.report(people.worker, category="0502"), **WHISTLE)
    async with stage.host.work() as work:
        spoilt = update(Issue).where(Issue.id == UUID(broken["id"]))
        await work.session.execute(spoilt.values(state="no such state", timer_at=work.now))
    stage.clock.advance(timedelta(hours=2))
    with pytest.raises(ValueError, match="no such state"):
        await strike_due(stage.host)
    assert {"SlaWarned", "EscalationReminded"} <= set(kinds(await stage.emitted()))
