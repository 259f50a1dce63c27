"""A page of the problem list among a million issues, by every kind of filter; beside it the bare SQL."""

import sys
import time
from datetime import UTC, datetime

import httpx
from sqlalchemy import select, text

from bench.harness import ground, note, percentile, run, say
from services.intake.app import PLAN, ROUTERS
from services.intake.lists.bodies import filter_of
from services.intake.lists.reading import find_places
from services.intake.models import VAULT
from shared.auth import Caller, Role
from shared.clock import FakeClock
from shared.privacy import new_key_pair
from shared.testing import COMMUNITY, Stage, staged

ISSUES, SLICE, TURNS = 1_000_000, 50_000, 5
LIMIT_MS = 100.0
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
GRID = f"{COMMUNITY}002"
FILTERS = (
    "", "open=true", "open=false", "state=reported", "state=suspended&state=escalated", "state=withdrawn",
    "category=05", "category=0503", "category=0101", "category=99", "urgency=U0", "urgency=U1&urgency=U0",
    "colour=red", "colour=red&open=true", "level=3", "level=0&level=1", "channel=visit", "channel=partner",
    "handler=w-7", "handler=w-7&open=true", "handler=nobody", f"area={GRID}", f"area={GRID}003",
    "area=620102014007", "overdue=true", "overdue=true&open=true", "has_help=true", "reopened=true",
    "no=WLD-20260301", "no=20260301-0042",
    "reported_from=2026-01-01T00:00:00Z&reported_to=2026-01-02T00:00:00Z",
    "reported_to=2025-06-01T00:00:00Z", "closed_from=2026-02-01T00:00:00Z&closed_to=2026-02-03T00:00:00Z",
    "due_before=2025-02-01T00:00:00Z", "category=0101&urgency=U3", "category=0503&colour=red&open=false",
    f"area={GRID}003&category=0402&channel=visit", f"area={GRID}003&state=closed&level=2&urgency=U1",
    "channel=partner&urgency=U0&colour=blue", "handler=w-7&category=0101&channel=visit&colour=yellow",
    f"area={GRID}&open=true&overdue=true&urgency=U1", "state=rejected&channel=walk_in&category=0801",
    "has_help=true&category=0304&open=false", "reopened=true&overdue=true&colour=red&channel=phone",
    "open=true&category=0301&channel=visit&colour=red", "open=true&handler=w-7&category=0503",
)  # fmt: skip
# Of the newest hundred thousand more than half are under way, of all others one in a thousand.
FILL = """
INSERT INTO issues (id, version, no, community_code, street_code, area_code, state, channel, title, category,
 urgency, level, max_level, colour, pillar, privacy_class, affected_households, households, reported_by,
 track_hash, handler_unit, handler_person, help_no, reopen_count, reported_at, due_resolve, resolved_at,
 closed_at)
SELECT gen_random_uuid(), 7, 'WLD-' || to_char(r.at, 'YYYYMMDD') || '-' || lpad((n % 1400)::text, 4, '0')
  || (n / 1400 % 10)::text, r.place, left(r.place, 9),
 r.place || '00' || (1 + n % 4) || '00' || (1 + n / 4 % 4), r.state,
 (ARRAY['resident_app','phone','grid_patrol','walk_in','visit','hotline_12345','partner'])[1 + least((random()
  * random() * 8)::int, 6)], :title, r.category,
 CASE WHEN r.category LIKE '010%' THEN 'U0' WHEN random() < 0.15 THEN 'U1' WHEN random() < 0.9 THEN 'U2'
  ELSE 'U3' END, 1 + (random() * random() * 3)::int, 2,
 CASE WHEN random() < 0.05 THEN 'red' WHEN random() < 0.12 THEN 'yellow' ELSE 'blue' END, 'hearts', 0, 1,
 '[]', 'c-1', '\\x00', r.place, 'w-' || n % 64, (random() < 0.03)::int, (random() < 0.02)::int, r.at,
 r.at + interval '3 days', CASE WHEN r.state = 'closed' THEN r.at + random() * interval '3.2 days' END,
 CASE WHEN r.state = 'closed' THEN r.at + interval '5 days' END
FROM (SELECT n, CAST(:place AS text) AS place, CAST(:first AS timestamptz) + n * interval '60 seconds' AS at,
  (ARRAY['0503','0601','0201','0801','0702','0402','0304','0101','0301','99'])[1 + least((random() * random()
   * 11)::int, 9)] AS category,
  CASE WHEN random() < (CASE WHEN n > 900000 THEN 0.6 ELSE 0.001 END)
   THEN (ARRAY['reported','accepted','assigned','in_progress','in_progress','in_progress','suspended',
    'escalated','resolved','verified'])[1 + (random() * 9)::int]
   WHEN random() < 0.03 THEN 'withdrawn' WHEN random() < 0.02 THEN 'rejected' ELSE 'closed' END AS state
 FROM generate_series(CAST(:low AS int), CAST(:high AS int)) n) r
"""


# As a list shows them, but for the title that it decrypts.
SHOWN = {
    column.name: column
    for column in PLAN.service.metadata.tables["issues"].c
    if column.name not in {"title", "text", "place"}
}


async def main() -> None:
    """Measure and print."""
    with ground() as servers:
        url, (_, public) = servers.database("intake"), new_key_pair()
        async with staged(
            PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW), contact_public_key=public
        ) as stage:
            await _fill(stage)
            async with stage.client(Role.COMMUNITY_CLERK, subject="c-1") as clerk:
                await _measure(stage, clerk)


async def _fill(stage: Stage) -> None:
    first = datetime(2025, 1, 1, tzinfo=UTC)
    fixed = {
        "place": COMMUNITY,
        "title": VAULT.encrypt("intake.issue.title", "二单元路灯不亮"),
        "first": first,
    }
    for low in range(0, ISSUES, SLICE):
        async with stage.host.database.transaction() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await session.execute(text(FILL), {**fixed, "low": low, "high": low + SLICE - 1})
    async with stage.host.database.engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("SET statement_timeout = 0"))
        await plain.execute(text("VACUUM ANALYZE issues"))


async def _measure(stage: Stage, clerk: httpx.AsyncClient) -> None:
    pages: list[float] = []
    bare: list[float] = []
    for query in FILTERS:
        times = []
        for turn in range(TURNS + 1):
            began = time.perf_counter()
            answer = await clerk.get(f"/issues?limit=50&{query}")
            taken = time.perf_counter() - began
            if answer.status_code != 200:
                sys.exit(f"{query}: {answer.text}")
            limit = await _bare(stage, query)
            # The first turn fills caches and plans.
            if turn:
                times.append(taken)
                bare.append(limit)
        pages += times
        note(f"{percentile(times, 0.5) * 1e3:7.1f} ms  {len(answer.json()):3} rows  {query or 'everything'}")
    p95, beside = percentile(pages, 0.95) * 1e3, percentile(bare, 0.95) * 1e3
    say("list_page_1m_p50", percentile(pages, 0.5) * 1e3, "ms")
    say("list_page_1m_p95", p95, "ms", p95 / beside)
    note(f"the bare SQL: p95 {beside:.1f} ms; the bound is {LIMIT_MS:.0f} ms")


async def _bare(stage: Stage, query: str) -> float:
    caller = Caller("c-1", frozenset({Role.COMMUNITY_CLERK}), (COMMUNITY,))
    async with stage.host.look(caller=caller) as work:
        began = time.perf_counter()
        places = await find_places(work, filter_of(query), None, 51)
        await work.session.execute(select(*SHOWN.values()).where(SHOWN["id"].in_([id for _, id in places])))
        return time.perf_counter() - began


if __name__ == "__main__":
    run(main)
