"""A state folder for each test, and the command as a person at the keyboard calls it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sanlian.cli import main

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SANLIAN_STATE_DIR", str(tmp_path))
    for name in ("SANLIAN_AMQP_URL", "SANLIAN_DATABASE_URL", "SANLIAN_BASE_URL", "SANLIAN_KEYS_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Call the command; a traceback where one line was promised fails the test."""

    def call(*arguments: str, input: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call
