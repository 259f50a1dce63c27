"""A new master key takes hold of every cell of a service; the old one goes when nothing is left under it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Column, Integer, LargeBinary, String, Table, insert, select, update
from sqlalchemy.engine import Row

from shared.clock import FakeClock
from shared.db import Database, new_metadata
from shared.host import Host
from shared.privacy import Encrypted, Keyring, Vault, new_master_key
from shared.rotation import AT_ONCE, Secrets, cells_of, keeping_keys_current, rotate
from shared.service import Service
from shared.telemetry import Metrics
from tests.conftest import Tables
from tests.shared.toys import NOW, eventually

OLD, NEW = new_master_key("2026"), new_master_key("2027")
vault = Vault()
metadata = new_metadata()
people = Table(
    "people",
    metadata,
    Column("area", String(12), primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("phone", Encrypted(vault, "people.phone")),
    Column("phone_index", LargeBinary),
    Column("photo", LargeBinary),
    Column("plain", LargeBinary),
)
service = Service("grid", metadata)
SECRETS = Secrets(
    metadata,
    vault,
    plain_bytes={("people", "photo"): "people.photo"},
    indexes={("people", "phone"): ("phone_index", "phone")},
)


@pytest.fixture
async def host(tables: Tables) -> AsyncIterator[Host]:
    vault.unlock(Keyring.parse(OLD))
    database = Database(await tables(metadata))
    yield Host(service, database, FakeClock(NOW), metrics=Metrics("grid"))
    await database.close()


async def fill(host: Host, count: int) -> None:
    rows = [
        {
            "area": "620102014006", "no": no, "phone": None if no == 3 else f"1390000{no:04}",
            "phone_index": vault.keyring.blind_index("phone", f"1390000{no:04}"),
            "photo": vault.keyring.encrypt("people.photo", b"photo"), "plain": b"not encrypted at all",
        }
        for no in range(count)
    ]  # fmt: skip
    async with host.work() as work:
        await work.session.execute(insert(people), rows)


async def kept(host: Host) -> Sequence[Row[Any, Any, Any]]:
    async with host.look() as work:
        query = select(people.c.phone, people.c.phone_index, people.c.photo).order_by(people.c.no)
        return (await work.session.execute(query)).all()


async def test_after_one_pass_the_new_key_alone_opens_and_finds_everything(host: Host) -> None:
    await fill(host, AT_ONCE + 5)
    vault.unlock(Keyring.parse(f"{NEW},{OLD}"))
    assert list(vault.keyring.older) == ["2026"]
    # Two cells a row, of which one is empty.
    assert await rotate(host, SECRETS) == 2 * (AT_ONCE + 5) - 1
    assert await rotate(host, SECRETS) == 0
    vault.unlock(Keyring.parse(NEW))
    rows = await kept(host)
    assert [row.phone for row in rows[:5]] == [f"1390000000{no}" for no in range(3)] + [None, "13900000004"]
    assert rows[7].phone_index == vault.keyring.blind_index("phone", "13900000007")
    assert {vault.keyring.decrypt("people.photo", row.photo) for row in rows} == {b"photo"}
    assert list(vault.keyring.older) == []


async def test_what_lies_outside_of_the_tables_is_written_anew_by_the_service_itself(host: Host) -> None:
    async def three_files(_: Host) -> int:
        return 3

    assert await rotate(host, Secrets(metadata, vault, elsewhere=three_files)) == 3


async def test_a_cell_that_somebody_wrote_under_the_new_key_is_left_alone(host: Host) -> None:
    await fill(host, 1)
    vault.unlock(Keyring.parse(f"{NEW},{OLD}"))
    async with host.work() as work:
        await work.session.execute(update(people).values(phone="13987654321"))
    # Only the photo is left.
    assert await rotate(host, SECRETS) == 1
    assert (await kept(host))[0].phone == "13987654321"


def test_every_service_keeps_its_answers_encrypted() -> None:
    tables = metadata.sorted_tables
    cells = {f"{table.name}.{cell.column.name}" for table in tables for cell in cells_of(SECRETS, table)}
    assert cells == {"people.phone", "people.photo", "answers.body"}


@pytest.mark.parametrize("keys", [OLD, f"{NEW},{OLD}"], ids=["one key", "an older one"])
async def test_the_keys_are_kept_current_only_while_there_is_an_older_one(
    host: Host, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    monkeypatch.setattr("shared.rotation._DAY_S", 0.01)
    caplog.set_level("INFO")
    await fill(host, 2)
    vault.unlock(Keyring.parse(keys))
    task = asyncio.ensure_future(keeping_keys_current(SECRETS)(host))
    rotated = keys != OLD
    if rotated:
        await eventually(lambda: "nothing is left" in caplog.text)
    else:
        await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert ("grid wrote 4 cells and files anew" in caplog.text) is rotated
    assert ("grid: nothing is left under the master keys 2026: take them out" in caplog.text) is rotated
