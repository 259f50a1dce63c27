"""Timers for 100,000 open issues: what the watch and the database spend on them, in percent of one core.

Some hours pass on a clock that we turn, with the polls and strokes that they bring. Prints
`name value unit ratio-to-limit`; the limit is 1 %.
"""

import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from bench.harness import COMMUNITY, ground, note, run, running, say
from services.intake.app import PLAN
from services.intake.clocks.watch import POLL_S, strike_due
from services.intake.issues.models import Issue
from shared.clock import FakeClock, SystemClock
from shared.runtime import Runtime
from shared.testing import NotingBus

OPEN, HOURS, LIMIT_PERCENT = 100_000, 2, 1.0
TICKS_PER_SECOND = 100
# Ordinary matters that came in evenly over the last 120 of the 168 hours that they may take, all under way:
# word in between is due after 72 hours, with a warning after 57.6, and the warning of the result after 134.4.
FILL = """
INSERT INTO issues (id, version, no, community_code, street_code, area_code, state, channel, title, level,
  max_level, colour, pillar, privacy_class, affected_households, households, reported_by, track_hash,
  category, urgency, handler_unit, handler_person, reported_at, accepted_at, assigned_at, responded_at,
  due_accept, due_respond, due_interim, due_resolve, fired, timer_at)
SELECT gen_random_uuid(), 4, 'WLD-20260305-' || n, CAST(:community AS text), '620102014',
  CAST(:community AS text) || '001', 'in_progress', 'resident_app', CAST('x' AS bytea), 2, 2, 'blue',
  'hearts', 0, 1, CAST('[]' AS jsonb), 'r', CAST('x' AS bytea), '0203', 'U2',
  CAST(:community AS text) || '001', 'w-1', at, at, at, at,
  at + interval '24 hours', at + interval '24 hours', at + interval '72 hours', at + interval '168 hours',
  CAST(CASE WHEN age >= 72 THEN '["interim.warning", "interim.breached"]'
            WHEN age >= 57.6 THEN '["interim.warning"]' ELSE '[]' END AS jsonb),
  at + CASE WHEN age >= 72 THEN interval '134.4 hours'
            WHEN age >= 57.6 THEN interval '72 hours' ELSE interval '57.6 hours' END
FROM (SELECT n, 120.0 * n / :count AS age,
        CAST(:now AS timestamptz) - interval '120 hours' * n / :count AS at
      FROM generate_series(1, :count) AS n) AS ages
"""


async def main() -> None:
    """Let the hours pass, poll as the watch does, and count the CPU time of both sides."""
    with ground() as servers:
        async with running(PLAN, servers.database("intake"), bus=NotingBus()) as runtime:
            clock = FakeClock(SystemClock().now())
            runtime.host.clock = clock
            await _fill(runtime)
            polls = int(HOURS * 3600 / POLL_S)
            before, ours, theirs = await _versions(runtime), time.process_time(), await _their_cpu(runtime)
            for _ in range(polls):
                clock.advance(timedelta(seconds=POLL_S))
                await strike_due(runtime.host)
            ours, theirs = time.process_time() - ours, await _their_cpu(runtime) - theirs
            strokes = await _versions(runtime) - before
    percent = 100 * (ours + theirs) / (HOURS * 3600)
    say("timers_100k_open", percent, "% of a core", percent / LIMIT_PERCENT)
    note(f"{polls:,} polls, {strokes:,} strokes in {HOURS} h: {ours:.1f} s ours, {theirs:.1f} s the server's")


async def _fill(runtime: Runtime) -> None:  # type: ignore[type-arg]
    given = {"community": COMMUNITY, "count": OPEN, "now": runtime.host.clock.now()}
    async with runtime.database.transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        await session.execute(text(FILL), given)
    async with runtime.database.transaction() as session:
        await session.execute(text("ANALYZE issues"))


async def _versions(runtime: Runtime) -> int:  # type: ignore[type-arg]
    """The versions of all issues together; each stroke raises one of them."""
    async with runtime.database.reading() as session:
        return int(await session.scalar(select(func.sum(Issue.version))) or 0)


async def _their_cpu(runtime: Runtime) -> float:  # type: ignore[type-arg]
    """Seconds of CPU that the server has used; a process that cannot be seen from here counts nothing."""
    async with runtime.database.reading() as session:
        pids = (await session.scalars(text("SELECT pid FROM pg_stat_activity"))).all()
    stats = (Path(f"/proc/{pid}/stat") for pid in pids)
    fields = (stat.read_text().rpartition(")")[2].split() for stat in stats if stat.exists())
    return sum(int(field[11]) + int(field[12]) for field in fields) / TICKS_PER_SECOND


if __name__ == "__main__":
    run(main)
