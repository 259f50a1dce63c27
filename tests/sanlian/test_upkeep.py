"""Databases, documents and dead letters, looked after by the command on the embedded footing."""

import asyncio
import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from sanlian.deployed import find
from sanlian.footings import embedded_settings
from sanlian.ports import NAMES
from shared.bus import Letter
from shared.clock import SystemClock
from shared.db import Database
from shared.events.grid import IssueLocated, PlacementSnapshot
from shared.letters import Letters
from tests.sanlian.conftest import Run
from tests.shared.toys import packed


def test_migrating_makes_every_database_and_doing_it_again_does_nothing(run: Run, state_folder: Path) -> None:
    for _ in range(2):
        result = run("migrate")
        assert result.exit_code == 0, result.output
        assert result.output.count("newest version") == len(NAMES)
    for name in NAMES:
        with sqlite3.connect(state_folder / f"{name}.db") as database:
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        database.close()
        assert {"outbox", "inbox", "letters", "alembic_version"} <= tables


def test_models_and_migrations_agree_in_every_service(run: Run) -> None:
    result = run("migrate", "--check")
    assert result.exit_code == 0, result.output


def test_a_database_that_cannot_be_had_is_one_clear_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("keys")
    monkeypatch.setenv("SANLIAN_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    monkeypatch.setenv("SANLIAN_AMQP_URL", "amqp://127.0.0.1:9/")
    monkeypatch.setenv("SANLIAN_COMMUNITY", "620102014006")
    for arguments in (("migrate", "grid"), ("topology",), ("dead", "list", "grid")):
        result = run(*arguments)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert result.output.count("\n") == 1


def test_a_missing_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANLIAN_AMQP_URL", "amqp://127.0.0.1:9/")
    result = run("migrate", "grid")
    assert result.exit_code == 1
    assert "SANLIAN_DATABASE_URL" in result.output
    assert "SANLIAN_MASTER_KEYS" in result.output


def test_documents_are_written_once_and_missed_when_they_are_stale(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    assert run("docs", "--into", str(folder)).exit_code == 0
    assert run("docs", "--check", "--into", str(folder)).exit_code == 0
    parsed = yaml.safe_load((folder / "asyncapi.yaml").read_text())
    assert parsed["asyncapi"] == "3.0.0"
    assert {path.stem for path in (folder / "openapi").iterdir()} == set(NAMES)
    (folder / "events.md").write_text("old")
    stale = run("docs", "--check", "--into", str(folder))
    assert stale.exit_code == 1
    assert "events.md" in stale.output


def test_a_dead_letter_can_be_seen_replayed_and_dropped(run: Run) -> None:
    run("migrate", "grid")
    event = IssueLocated(
        placement=PlacementSnapshot(id=uuid4(), version=1, area_code="620102014006", method="point")
    )
    message = packed(event)
    now = SystemClock().now()

    async def die() -> None:
        grid = find("grid")
        database = Database(embedded_settings(grid).database_url)
        letters = Letters("grid", database, grid.plan.service.letters)
        await letters.keep([Letter(message, 4, now, "no such place", is_dead=True)])
        await database.close()

    asyncio.run(die())
    listed = run("dead", "list", "grid")
    assert str(message.id) in listed.output
    assert "no such place" in listed.output
    assert '"method": "point"' in run("dead", "show", "grid", str(message.id)).output
    assert run("dead", "show", "grid", str(uuid4())).exit_code == 1
    assert "0 dropped" in run("dead", "drop", "grid", str(uuid4())).output
    assert "no id of a letter" in run("dead", "replay", "grid", "nonsense").output
    assert "1 replayed" in run("dead", "replay", "grid", str(message.id)).output
    assert "0 dead letters" in run("dead", "list", "grid").output
    asyncio.run(die())
    assert "1 dropped" in run("dead", "drop", "grid", "--all").output
    assert "0 dead letters" in run("dead", "list", "grid").output
