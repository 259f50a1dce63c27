"""Secrets are made once and kept from others; tokens are believed by the services that they are made for."""

import json
import stat
from pathlib import Path

import pytest

from sanlian.deployed import Deployed, find
from sanlian.footings import embedded_settings
from shared.auth import Role
from shared.clock import SystemClock
from shared.errors import Unauthorized
from shared.privacy import Keyring, seal, unseal
from shared.web.trust import verifier_of
from tests.sanlian.conftest import Run


@pytest.fixture
def grid() -> Deployed:
    return find("grid")


def test_keys_are_made_once_and_readable_by_their_owner_only(run: Run, state_folder: Path) -> None:
    first = run("keys")
    files = sorted(state_folder.rglob("settings.json"))
    before = [path.read_bytes() for path in files]
    assert first.exit_code == 0
    assert len(files) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    second = run("keys")
    assert "nothing was changed" in second.output
    assert [path.read_bytes() for path in files] == before


def test_half_a_set_of_keys_is_not_completed_in_silence(run: Run, state_folder: Path) -> None:
    run("keys")
    (state_folder / "keys" / "grid" / "settings.json").unlink()
    result = run("keys")
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "grid" in result.output


def test_each_service_has_a_master_key_of_its_own_and_grid_alone_opens_places(
    run: Run, state_folder: Path
) -> None:
    run("keys")
    settings = {
        path.parent.name: json.loads(path.read_text()) for path in state_folder.rglob("settings.json")
    }
    services = ("intake", "grid", "partners", "notify")
    assert len({settings[name]["master_keys"] for name in services}) == 4
    for name in services:
        Keyring.parse(settings[name]["master_keys"])
    sealed = seal(settings["intake"]["contact_public_key"], b"north gate")
    assert unseal(settings["grid"]["contact_private_key"], sealed) == b"north gate"
    holders = [name for name in settings if "contact_private_key" in settings[name]]
    assert holders == ["grid"]


async def test_a_token_speaks_for_exactly_whom_it_was_made(run: Run, grid: Deployed) -> None:
    run("keys")
    made = run(*(
        "token",
        "--role",
        "grid_worker",
        "--area",
        "620102014006001",
        "--subject",
        "620102014006001:worker",
    ))
    verifier = verifier_of(embedded_settings(grid), SystemClock())
    caller = await verifier.verify(made.output.strip())
    assert (caller.subject, caller.roles, caller.areas) == (
        "620102014006001:worker",
        frozenset({Role.GRID_WORKER}),
        ("620102014006001",),
    )


async def test_a_token_of_another_deployment_is_not_believed(
    run: Run, grid: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("keys")
    verifier = verifier_of(embedded_settings(grid), SystemClock())
    monkeypatch.setenv("SANLIAN_STATE_DIR", str(tmp_path / "elsewhere"))
    run("keys")
    foreign = run("token", "--role", "operator", "--subject", "operator").output.strip()
    with pytest.raises(Unauthorized, match="key"):
        await verifier.verify(foreign)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("token", "--role", "king", "--subject", "x"), "king"),
        (("token", "--role", "operator", "--area", "62010", "--subject", "x"), "62010"),
        (("token", "--role", "operator", "--subject", "x"), "sanlian keys"),
        (("dead", "replay", "grid"), "--all"),
        (("dead", "list", "nobody"), "nobody"),
        (("dead", "list", "grid"), "sanlian migrate grid"),
        (("demo", "access"), "sanlian demo load"),
        (("serve", "grid", "--port", "99999"), "99999"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_mistake_gets_a_clear_word_and_no_traceback(
    run: Run, arguments: tuple[str, ...], says: str
) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output
