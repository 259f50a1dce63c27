"""Whatever anybody does in whatever order: no issue leaves the table, and none closes without its proofs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.intake.app import PLAN, ROUTERS
from shared.clock import FakeClock
from shared.testing import Stage, staged
from tests.intake.conftest import MORNING
from tests.intake.people import ROADS, People
from tests.intake.proofs import hold_to_the_rules
from tests.intake.scenes import Scene, Step, troupe
from tests.tables import Layouts

STARTS = ("accepted", "in_progress", "in_progress", "verified", "closed")
NUMBERS = st.tuples(st.integers(0, 11), st.integers(0, 479), st.integers(0, 1), st.integers(0, 3))


async def act(stage: Stage, starts: Sequence[str], steps: Sequence[Step]) -> bool:
    """Play one example on issues of its own. Returns whether one of them was ever closed."""
    stage.clock.set(MORNING)
    people = People(stage)
    async with troupe(stage) as actors:
        scene = Scene(people, actors, [await people.issue(state) for state in starts])
        for step in steps:
            await scene.play(step)
    await people.leave()
    return any([await hold_to_the_rules(stage, UUID(issue["id"])) for issue in scene.issues])


def test_no_sequence_of_calls_leaves_the_table_or_closes_without_proofs(tmp_path: Path) -> None:
    closed = []
    with asyncio.Runner() as runner:
        url = runner.run(Layouts(tmp_path).on_sqlite(PLAN.service.metadata, tmp_path / "intake.db"))
        evidence = f"file:{tmp_path}/evidence"
        made = staged(
            PLAN, ROUTERS, database_url=url, clock=FakeClock(MORNING), anew=False, evidence_url=evidence
        )
        stage = runner.run(made.__aenter__())

        # A failing sequence is told as it was played: to make it shorter would take minutes.
        @settings(
            max_examples=15,
            suppress_health_check=[HealthCheck.too_slow],
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        )
        @given(st.tuples(*[st.sampled_from(STARTS)] * 2), st.lists(NUMBERS, min_size=30, max_size=50))
        def any_sequence(starts: tuple[str, ...], steps: list[Step]) -> None:
            closed.append(runner.run(act(stage, starts, steps)))

        try:
            any_sequence()
        finally:
            runner.run(made.__aexit__(None, None, None))
    assert ROADS.keys() >= set(STARTS)
    assert any(closed), "no example came to an end"
