"""The guide for street offices is true: its programs run as printed, in both languages the same."""

import asyncio
import os
import re
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from services.notify.rules.street_calls import RULES
from shared.auth import Role
from shared.events.notify import StreetAcknowledged
from shared.testing import Stage
from tests.notify.conftest import STREET, Office, Sink, event_of
from tests.patience import PATIENCE_S

GUIDES = [
    Path(__file__).resolve().parents[2] / "docs" / "how-to" / f"street-webhooks{language}.md"
    for language in ("", ".zh-CN")
]


def programs(guide: Path) -> dict[str, str]:
    blocks = re.findall(r"```python\n(# (\w+\.py)\n.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    return {name: code for code, name in blocks}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running(folder: Path, name: str, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    program = folder / name
    program.write_text(programs(GUIDES[0])[name], encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), *arguments, stdout=PIPE, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def listens(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        await writer.wait_closed()
        return


async def next_line(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).decode().strip()


@asynccontextmanager
async def served(stage: Stage) -> AsyncIterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(stage.app, port=port, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    await asyncio.wait_for(listens(port), PATIENCE_S)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


def test_both_guides_print_the_same_programs_and_name_the_same_calls() -> None:
    english, chinese = (programs(guide) for guide in GUIDES)
    assert english == chinese
    assert set(english) == {"receiver.py", "answer.py"}
    for guide in GUIDES:
        text = guide.read_text(encoding="utf-8")
        assert all(f"`{type}`" in text for type in RULES)


async def test_the_receiver_of_the_guide_verifies_and_prints_what_comes(
    office: Office, tmp_path: Path
) -> None:
    port = free_port()
    sink = Sink(office.stage.clock, url=f"http://127.0.0.1:{port}/webhooks")
    endpoint_id = await office.register(sink, events=["issue.*"])
    async with running(tmp_path, "receiver.py", WEBHOOK_SECRET=sink.secret, PORT=str(port)) as receiver:
        await asyncio.wait_for(listens(port), PATIENCE_S)
        await office.send()
        assert await next_line(receiver) == "webhook.test"
        async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
            assert (await client.get(f"/endpoints/{endpoint_id}")).json()["state"] == "active"
        await office.stage.give(event_of("issue.closed", state="closed"))
        await office.send()
        assert await next_line(receiver) == "issue.closed WLD-20260305-0001 closed"


async def test_the_answer_of_the_guide_is_taken(office: Office, tmp_path: Path) -> None:
    event = event_of("escalation.requested")
    await office.stage.give(event)
    async with office.stage.client(Role.STREET_OFFICER, areas=(STREET,)) as client:
        source = {"code": "st-cmd", "office": "ST-CMD", "area_code": STREET}
        secret = (await client.post("/sources", json=source)).json()["secret"]
    async with served(office.stage) as url:
        named = (str(event.snapshot.id), "WLD-20260305-0001")
        environment = {"SOURCE_URL": f"{url}/notify/v1/hooks/st-cmd", "SOURCE_SECRET": secret}
        async with running(tmp_path, "answer.py", *named, **environment) as answer:
            assert (await next_line(answer)).startswith("202 ")
    [acknowledged] = await office.stage.emitted()
    assert isinstance(acknowledged, StreetAcknowledged)
    assert acknowledged.street_no == "GXD-0001"
