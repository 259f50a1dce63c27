"""The stores of evidence, held to one behaviour: a folder, and a bucket on a server that we did not write."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.intake.app import PLAN, ROUTERS
from services.intake.evidence.stores import Store, StoreAway, key_of, open_store
from services.intake.evidence.sweep import sweep_once
from services.intake.settings import IntakeSettings
from shared.clock import FakeClock
from shared.testing import COMMUNITY, MASTER_KEYS, Stage, staged
from tests.intake.conftest import MORNING
from tests.intake.people import People
from tests.servers.machine import free_ports

BUCKET = "evidence"
DAY = date(2026, 3, 5)
KEY = key_of(DAY, UUID("01a20a43-edb8-76a9-b598-b1b9e889bb1b"))


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, object]]:
    """Settings for a bucket of moto's server."""
    port = free_ports(1)[0]
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=9)) as client:
            assert client.put(f"{endpoint}/{BUCKET}").status_code == 200
        yield {
            "evidence_url": f"s3://{BUCKET}/of/intake",
            "evidence_s3_endpoint": endpoint,
            "evidence_s3_key_id": "a-key",
            "evidence_s3_secret": "a-secret",
        }
    finally:
        server.terminate()
        server.wait()


def opened(**given: object) -> Store:
    usual = {"database_url": "sqlite+aiosqlite://", "community": COMMUNITY, "master_keys": MASTER_KEYS}
    return open_store(IntakeSettings.model_validate({**usual, **given}))


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return opened(evidence_url=f"file:{tmp_path}/a folder of ours")
    return opened(**request.getfixturevalue("bucket"))


async def test_a_store_gives_back_what_it_was_given_until_it_is_removed(store: Store) -> None:
    assert list(await store.keys(DAY)) == []
    await store.put(KEY, b"first")
    await store.put(KEY, b"\0second")
    assert await store.get(KEY) == b"\0second"
    assert list(await store.keys(DAY)) == [KEY]
    assert list(await store.keys(DAY + timedelta(days=1))) == []
    for _ in range(2):
        await store.remove(KEY)
    with pytest.raises(FileNotFoundError):
        await store.get(KEY)


async def test_files_that_come_at_the_same_time_do_not_mix(store: Store) -> None:
    keys = [key_of(DAY, UUID(int=n)) for n in range(20)]
    await asyncio.gather(*(store.put(key, key.encode() * 1000) for key in keys))
    assert await asyncio.gather(*map(store.get, keys)) == [key.encode() * 1000 for key in keys]
    assert sorted(await store.keys(DAY)) == keys
    await asyncio.gather(*map(store.remove, keys))


async def test_a_store_that_is_away_says_so(bucket: dict[str, object]) -> None:
    for given in (
        {"evidence_s3_endpoint": f"http://127.0.0.1:{free_ports(1)[0]}"},
        {"evidence_url": "s3://nobodys"},
    ):
        away = opened(**{**bucket, **given})
        with pytest.raises(StoreAway):
            await away.put(KEY, b"lost")
        with pytest.raises(StoreAway):
            await away.keys(DAY)


def on_stage(tmp_path: Path, given: dict[str, object]) -> AbstractAsyncContextManager[Stage]:
    return staged(
        PLAN,
        ROUTERS,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/intake.db",
        clock=FakeClock(MORNING),
        evidence_url=given["evidence_url"],
        evidence_s3_endpoint=given["evidence_s3_endpoint"],
        evidence_s3_key_id=given["evidence_s3_key_id"],
        evidence_s3_secret=given["evidence_s3_secret"],
    )


async def test_photos_go_through_the_bucket_and_a_bucket_that_is_away_is_no_fault_of_the_caller(
    bucket: dict[str, object], tmp_path: Path
) -> None:
    async with on_stage(tmp_path, bucket) as stage:
        people = People(stage)
        issue = await people.issue("in_progress")
        kept = await people.add_photo(issue)
        path = f"/issues/{issue['id']}/evidence"
        got = await people.clerk.get(f"{path}/{kept['id']}")
        assert (got.status_code, len(got.content)) == (200, kept["size"])
        stage.clock.advance(timedelta(days=3))
        assert await sweep_once(stage.host) == 0
        await people.leave()
    gone = f"http://127.0.0.1:{free_ports(1)[0]}"
    async with on_stage(tmp_path, {**bucket, "evidence_s3_endpoint": gone}) as stage:
        people = People(stage)
        issue = await people.issue("in_progress")
        files = {"file": ("a.pdf", b"%PDF-1.7", "application/pdf")}
        answer = await people.worker.post(f"/issues/{issue['id']}/evidence", files=files)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:sanlian:problem:busy")
        await people.leave()
