"""The figures, counted anew by the command."""

import pytest

from tests.sanlian.conftest import Run


def test_counting_anew_says_how_many_issues_there_were(run: Run) -> None:
    assert run("migrate", "intake").exit_code == 0
    result = run("recount")
    assert (result.exit_code, result.output) == (0, "0 issues counted, 0 stood otherwise\n")


def test_counting_without_a_database_is_one_clear_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("keys")
    monkeypatch.setenv("SANLIAN_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    monkeypatch.setenv("SANLIAN_AMQP_URL", "amqp://127.0.0.1:9/")
    monkeypatch.setenv("SANLIAN_COMMUNITY", "620102014006")
    result = run("recount")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
