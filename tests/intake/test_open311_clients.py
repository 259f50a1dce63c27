"""A client of Open311 that we did not write, against a running server; and the guides, word for word."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from georeport import GeoReport

from shared.auth import Caller, Role
from shared.testing import COMMUNITY, Stage
from tests.intake.geo_desk import LAMP, Desk
from tests.intake.people import People
from tests.live import served
from tests.patience import PATIENCE_S

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
NAMES = ("open311.md", "open311.zh-CN.md")
# The door has it at /open311; a service by itself serves everything under its own name.
BEHIND = "/intake/v1/open311"


@pytest.fixture
async def address(stage: Stage) -> AsyncIterator[str]:
    async with served(stage) as base:
        yield f"{base}{BEHIND}"


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_the_client_georeport_reads_all_that_it_can_ask_for(
    people: People, address: str, form: str
) -> None:
    desk = Desk(people)
    await desk.open()
    first, second = [await desk.post(), await desk.post(service_code="0601", description="旧沙发 <一张>")]
    client = GeoReport(f"{address}/v2/", jurisdiction=COMMUNITY, output_format=form)
    services = await asyncio.to_thread(client.get_service_list)
    assert {"0503", "0601"} < {one["service_code"] for one in services}
    definition = await asyncio.to_thread(client.get_service_definition, "0106")
    assert definition["service_code"] == "0106"
    found = await asyncio.to_thread(client.get_service_requests, f"{first},{second}")
    assert {one["service_request_id"] for one in found} == {first, second}
    lamps = await asyncio.to_thread(client.get_service_requests, service_code="0601,0503", status="open")
    assert len(lamps) == 2
    one = await asyncio.to_thread(client.get_service_request, second)
    assert (one["status"], one["description"]) == ("open", "旧沙发 <一张>")
    with pytest.raises(OSError, match="404"):
        await asyncio.to_thread(client.get_service_request, "WLD-1")


def blocks(name: str) -> list[str]:
    text = (GUIDES / name).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
async def test_who_follows_the_guide_reports_a_lamp_and_reads_of_it(
    stage: Stage, people: People, address: str, name: str
) -> None:
    clerk = stage.token(Caller(f"{COMMUNITY}:clerk", frozenset({Role.COMMUNITY_CLERK}), (COMMUNITY,)))
    script = "\n".join(blocks(name)).replace("$(sanlian token", f"$(echo {clerk} #")
    script = re.sub(r"#[^)]*\)", ")", script).replace("http://127.0.0.1:8000", address.removesuffix(BEHIND))
    script = script.replace("$SANLIAN/open311/", f"$SANLIAN{BEHIND}/").replace(
        "$SANLIAN/discovery", f"$SANLIAN{BEHIND}/discovery"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (issue,) = (await people.clerk.get("/issues", params={"channel": "open311"})).json()
    assert done.stdout.count(issue["no"]) >= 3
    assert "<status>open</status>" in done.stdout
    assert "errors" not in done.stdout
    timeline: httpx.Response = await people.clerk.get(f"/issues/{issue['id']}/timeline")
    assert "add" in [line["command"] for line in timeline.json()]


def test_both_guides_show_the_same_commands() -> None:
    english, chinese = (re.sub(r"'[^']*'", "", "\n".join(blocks(name))) for name in NAMES)
    assert english == chinese
    assert LAMP["service_code"] in "\n".join(blocks(NAMES[0]))
