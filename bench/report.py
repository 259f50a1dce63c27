"""Report an issue over HTTP, durable; beside it pgbench committing the two rows of a report."""

import asyncio
import time

import orjson

from bench.harness import ground, note, percentile, run, say
from bench.raw_http import RawHttp, connect, post
from bench.stack import stack

REPORTS, CLIENTS, WORKERS = 20_000, 64, 2
REPORT = {
    "title": "二单元路灯不亮",
    "category": "0503",
    "location": {"point": {"longitude": 103.8797, "latitude": 36.0521}},
}


async def main() -> None:
    """Measure and print."""
    with ground() as servers:
        limit = await asyncio.to_thread(servers.pairs_per_second)
        for workers in (1, WORKERS):
            with stack(servers, ("intake",), workers={"intake": workers}) as running:
                token = running.token("grid_worker", "bench:worker")
                request = post("/intake/v1/issues", orjson.dumps(REPORT), token)
                clients = [await connect(running.urls["intake"]) for _ in range(CLIENTS)]
                await _load(clients, request, REPORTS // 10)
                rate, times = await _load(clients, request, REPORTS)
                for client in clients:
                    client.close()
            name = "report_issue" if workers == 1 else f"report_issue_{workers}_workers"
            say(name, rate, "reports/s", rate / limit)
            note(f"p50 {percentile(times, 0.5) * 1e3:.1f} ms, p99 {percentile(times, 0.99) * 1e3:.1f} ms")


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
