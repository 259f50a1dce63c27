"""The guides for partner units, carried out word for word against a running server."""

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.auth import Caller, Role
from shared.testing import COMMUNITY, Stage
from tests.live import served
from tests.partners.actors import UNIT, Actors, need_form

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
NAMES = ("partner-api.md", "partner-api.zh-CN.md")
# What is filled in for the three dots: the key, or the id of what the last answer shows (first).
TOLD = {"KEY": "key"}


def blocks(name: str, language: str) -> list[str]:
    text = (GUIDES / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


class Reader:
    """Does what the guide says: its exports, and its curl commands as curl would send them."""

    def __init__(self, stage: Stage, base: str) -> None:
        clerk = Caller(f"{COMMUNITY}:clerk", frozenset({Role.COMMUNITY_CLERK}), (COMMUNITY,))
        self.known = {"SANLIAN": base, "CLERK": stage.token(clerk)}
        self.shown: Any = None
        self.answers: list[httpx.Response] = []

    async def follow(self, block: str) -> None:
        for line in block.replace("\n  ", " ").strip().splitlines():
            if line.startswith("export "):
                self.export(*line.removeprefix("export ").split("=", 1))
            else:
                await self.curl(line)

    def export(self, name: str, value: str) -> None:
        if value == "…":
            last = self.shown[0] if isinstance(self.shown, list) else self.shown
            self.known[name] = last[TOLD.get(name, "id")]
        assert name in self.known, f"the guide does not say where {name} comes from"

    async def curl(self, line: str) -> None:
        # Single quotes keep dollars as they are, so only what stands outside of them is filled in.
        filled = re.sub(
            r"'[^']*'|\$([A-Z]+)", lambda m: self.known[m[1]] if m[1] else m[0], line, flags=re.DOTALL
        )
        words = shlex.split(filled)
        assert words.pop(0) == "curl"
        method, url, headers, body = "GET", "", {}, None
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word == "-d":
                body = words.pop(0)
            elif word not in {"-s", "-i"}:
                url = word
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, url, headers=headers, content=body)
        assert answer.is_success, f"{line}\n{answer.text}"
        self.answers.append(answer)
        self.shown = answer.json()


@pytest.mark.parametrize("name", NAMES)
async def test_who_follows_the_guide_keeps_a_promise_at_its_end(sqlite_stage: Stage, name: str) -> None:
    async with served(sqlite_stage) as base:
        reader = Reader(sqlite_stage, base)
        for block in blocks(name, "sh"):
            await reader.follow(block)
    offer = next(one.json() for one in reader.answers if one.url.path.endswith("/offers"))
    assert offer["state"] == "published"
    assert reader.shown["state"] == "rated"
    assert [one.headers.get("etag") for one in reader.answers if one.url.path.endswith(offer["id"])] == [
        '"3"'
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_the_program_of_the_guide_promises_once_however_often_it_runs(
    sqlite_stage: Stage, name: str, tmp_path: Path
) -> None:
    actors = Actors(sqlite_stage)
    await actors.unit()
    made = await actors.clerk.post(f"/units/{UNIT}/keys")
    (program,) = blocks(name, "python")
    script = tmp_path / "partner.py"
    script.write_text(program, encoding="utf-8")
    async with served(sqlite_stage) as base:
        environment = {"SANLIAN": base, "KEY": made.json()["key"], "PYTHONIOENCODING": "utf-8"}
        first = await run(script, environment)
        assert first == "offer coats-2030 published 20 of 20 free\n"
        need = need_form(tags=["winter_coat"], measure="coat", quantity=2)
        await actors.clerk.post("/needs", json=need)
        match = (await actors.matches())[0]
        await actors.clerk.post(f"/matches/{match['id']}/offer")
        second, third = [await run(script, environment) for _ in range(2)]
    assert f"promised 2 coat for: {need['public_text']}" in second
    assert third.startswith("offer coats-2030 published 18 of 20 free\nspeak with the community by")
    assert "promised" not in third


async def run(script: Path, environment: dict[str, str]) -> str:
    command = (sys.executable, "-W", "error", str(script))
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


def test_both_guides_show_the_same_commands() -> None:
    english, chinese = ("\n".join(blocks(name, "sh")) for name in NAMES)
    bodies = re.compile(r"'\{.*?\}'", re.DOTALL)
    assert bodies.sub("", english) == bodies.sub("", chinese)
    for one, other in zip(bodies.findall(english), bodies.findall(chinese), strict=True):
        assert json.loads(one[1:-1]).keys() == json.loads(other[1:-1]).keys()


@pytest.mark.parametrize("name", NAMES)
async def test_every_refusal_that_a_guide_names_exists(sqlite_stage: Stage, name: str) -> None:
    from shared.errors import Problem

    known = {one.type for one in descendants(Problem)}
    rows = re.findall(r"^\| \d{3} \| (.*?) \|", (GUIDES / name).read_text(encoding="utf-8"), re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"`([a-z-]+)`", row)}
    assert len(named) >= 12
    assert named <= known


def descendants(kind: type[Any]) -> set[type[Any]]:
    return {kind}.union(*(descendants(one) for one in kind.__subclasses__()))
