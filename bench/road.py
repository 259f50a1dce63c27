"""The whole road: report, assigned, matched with an offer, message at the street; four processes, durable.

Beside it what pgbench commits of one hop, divided by the four hops.
"""

import asyncio
import time
from typing import Any

import orjson

from bench.harness import ground, note, percentile, run, say, until
from bench.raw_http import RawHttp, connect, post
from bench.sink import Sink
from bench.stack import Stack, stack
from sanlian.demo.access import kept_secrets
from sanlian.demo.load import load
from sanlian.footings import State
from tests.e2e.gateway import gateway

REPORTS, CLIENTS, HOPS, PACED_S = 8_000, 64, 4, 10
REPORT = {
    "title": "一户居民缺米面油",
    "category": "0602",
    "location": {"point": {"longitude": 103.8797, "latitude": 36.0521}},
    "help": {
        "kind": "goods",
        "tags": ["bench"],
        "quantity": 1,
        "unit": "set",
        "public_text": "需要一份米面油",
    },
}
OFFER = {
    "kind": "goods",
    "title": "米面油",
    "tags": ["bench"],
    "measure": "set",
    "total": 1_000_000,
    "valid_to": "2099-12-31T00:00:00+08:00",
}


async def main() -> None:
    """Measure and print."""
    with ground() as servers:
        limit = await asyncio.to_thread(servers.hops_per_second)
        with stack(servers) as running:
            rate, (p50, p99) = await drive(running, REPORTS)
    say("whole_road", rate, "reports/s", rate * HOPS / limit)
    note(f"limit: {limit:,.0f} commits/s of pgbench over {HOPS} hops")
    say("whole_road_half_load_p50", p50 * 1e3, "ms")
    say("whole_road_half_load_p99", p99 * 1e3, "ms")


async def drive(running: Stack, reports: int) -> tuple[float, tuple[float, float]]:
    """Fill the road as fast as it takes, then at half of that speed.

    Returns reports per second from the first request to the last message at the street, and p50 and p99 of
    the seconds from a request to its message at half load.
    """
    sink = Sink()
    await asyncio.to_thread(prepare, running, await sink.start())
    token = running.token("grid_worker", "bench:worker")
    request = post("/intake/v1/issues", orjson.dumps(REPORT), token)
    clients = [await connect(running.urls["intake"]) for _ in range(CLIENTS)]
    await _fill(clients, request, sink, reports // 8)
    sent, began = await _fill(clients, request, sink, reports)
    rate = len(sent) / (max(sink.arrived[no] for no in sent) - began)
    paced = await _paced(clients, request, rate / 2)
    await until(lambda: _all_arrived(sink, paced))
    times = [sink.arrived[no] - at for no, at in paced.items()]
    for client in clients:
        client.close()
    sink.close()
    return rate, (percentile(times, 0.5), percentile(times, 0.99))


def prepare(running: Stack, url: str) -> None:
    """Areas, force and units of the demo; one large offer; one endpoint that hears of each match."""
    state = State(running.state_dir)
    with gateway(running.urls, "http://127.0.0.1:9") as base_url:
        load(state, base_url)
    operator = running.door("notify", running.token("operator", "bench:operator", "620102014"))
    form = {
        "office": "ST-CMD",
        "area_code": "620102014",
        "url": url,
        "events": ["match.proposed"],
        "max_concurrency": 64,
    }
    operator.post("/notify/v1/endpoints", form, expect=201)
    key = _partner_key(state)
    running.door("partners", key).post("/partners/v1/offers", OFFER, expect=201)


def _partner_key(state: State) -> str:
    secrets = kept_secrets(state)
    if secrets is None:
        raise RuntimeError("the demo was not loaded")
    return secrets.partner_keys["PU-HTZQ"]


async def _fill(
    clients: list[RawHttp], request: bytes, sink: Sink, count: int
) -> tuple[dict[str, float], float]:
    sent: dict[str, float] = {}

    async def one(client: RawHttp) -> None:
        for _ in range(count // len(clients)):
            await _report(client, request, sent)

    began = time.perf_counter()
    await asyncio.gather(*(one(client) for client in clients))
    await until(lambda: _all_arrived(sink, sent))
    return sent, began


async def _paced(clients: list[RawHttp], request: bytes, rate: float) -> dict[str, float]:
    sent: dict[str, float] = {}
    free: asyncio.Queue[RawHttp] = asyncio.Queue()
    for client in clients:
        free.put_nowait(client)

    async def one() -> None:
        client = await free.get()
        await _report(client, request, sent)
        free.put_nowait(client)

    began = time.perf_counter()
    tasks: list[asyncio.Task[None]] = []
    for number in range(int(rate * PACED_S)):
        await asyncio.sleep(max(began + number / rate - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    return sent


async def _report(client: RawHttp, request: bytes, sent: dict[str, float]) -> None:
    at = time.perf_counter()
    status, body = await client.send(request)
    if status != 201:
        raise RuntimeError(f"{status}: {body!r}")
    answer: dict[str, Any] = orjson.loads(body)
    sent[answer["no"]] = at


async def _all_arrived(sink: Sink, sent: dict[str, float]) -> bool:
    return sent.keys() <= sink.arrived.keys()


if __name__ == "__main__":
    run(main)
