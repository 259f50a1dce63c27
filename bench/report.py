"""Report an issue over HTTP, durable; beside it pgbench committing the two rows of a report.

The two rows are those that a report leaves in the product's own tables: its issue, and its first event.
"""

import asyncio
import time

import asyncpg
import orjson

from bench.harness import Ground, ground, note, percentile, run, say
from bench.raw_http import RawHttp, connect, post
from bench.stack import Stack, stack
from tests.e2e.processes import run as command

REPORTS, CLIENTS, WORKERS = 20_000, 64, 2
REPORT = {
    "title": "二单元路灯不亮",
    "category": "0503",
    "location": {"point": {"longitude": 103.8797, "latitude": 36.0521}},
}


async def main() -> None:
    """Measure and print."""
    with ground() as servers:
        limit = 0.0
        for workers in (1, WORKERS):
            with stack(servers, ("intake",), workers={"intake": workers}) as running:
                token = running.token("grid_worker", "bench:worker")
                request = post("/intake/v1/issues", orjson.dumps(REPORT), token)
                clients = [await connect(running.urls["intake"]) for _ in range(CLIENTS)]
                await _load(clients, request, REPORTS // 10)
                rate, times = await _load(clients, request, REPORTS)
                for client in clients:
                    client.close()
                limit = limit or await _limit(servers, running)
            name = "report_issue" if workers == 1 else f"report_issue_{workers}_workers"
            say(name, rate, "reports/s", rate / limit)
            note(f"p50 {percentile(times, 0.5) * 1e3:.1f} ms, p99 {percentile(times, 0.99) * 1e3:.1f} ms")


async def _limit(servers: Ground, running: Stack) -> float:
    """What PostgreSQL alone commits of the two rows, in the tables that our migrations make."""
    statement = await _two_rows(running.environment["INTAKE_DATABASE_URL"])
    url = servers.database("limit_report")
    await asyncio.to_thread(
        command, "migrate", "intake", given={**running.environment, "INTAKE_DATABASE_URL": url}
    )
    return await asyncio.to_thread(servers.commits_per_second, url, statement)


async def _two_rows(database_url: str) -> str:
    """One statement that stores the newest issue once more, and its event beside it."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        columns = await connection.fetch(
            "SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute"
            " WHERE attrelid = 'issues'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        texts = ", ".join(f'quote_nullable("{one["name"]}"::text) AS "{one["name"]}"' for one in columns)
        newest = await connection.fetchrow(f"SELECT {texts} FROM issues ORDER BY id DESC LIMIT 1")  # noqa: S608
    finally:
        await connection.close()
    values = {
        one["name"]: "now()"
        if "time" in one["type"]
        else f"CAST({_spelt(newest[one['name']])} AS {one['type']})"
        for one in columns
        if newest[one["name"]] != "NULL"
    } | {"id": "gen_random_uuid()", "no": "gen_random_uuid()::text"}
    return (
        f"WITH one AS (INSERT INTO issues ({', '.join(values)}) VALUES ({', '.join(values.values())})"  # noqa: S608
        " RETURNING id) INSERT INTO outbox (id, type, body)"
        " SELECT id, 'intake.issue.reported.v1', decode(repeat('78', 1024), 'hex') FROM one;"
    )


def _spelt(literal: str) -> str:
    # To pgbench a colon would begin a variable.
    return literal.replace(":", "' || chr(58) || '")


async def _load(clients: list[RawHttp], request: bytes, count: int) -> tuple[float, list[float]]:
    times: list[float] = []

    async def one(client: RawHttp) -> None:
        for _ in range(count // len(clients)):
            began = time.perf_counter()
            status, body = await client.send(request)
            if status != 201:
                raise RuntimeError(f"{status}: {body!r}")
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one(client) for client in clients))
    return len(times) / (time.perf_counter() - began), times


if __name__ == "__main__":
    run(main)
