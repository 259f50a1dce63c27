"""What the README says is what happens: its examples of the two doors are carried out as they stand."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Running
from tests.e2e.processes import environment
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
USUAL = "http://127.0.0.1:8000"


def examples(readme: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)


def carried_out(example: str, running: Running) -> tuple[int, dict[str, object]]:
    """Status and JSON of the answer; only the address and the place of the virtual environment differ."""
    here = example.replace(USUAL, running.town.base_url).replace("curl -i", "curl -is")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here.replace(".venv/bin", str(Path(sys.executable).parent))],
        env=environment(running.given),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_both_doors_open_as_the_readme_says(readme: str, running: Running) -> None:
    (offered, offer), (registered, endpoint) = (carried_out(one, running) for one in examples(readme))
    assert (offered, offer["state"]) == (201, "published")
    assert registered == 201
    assert str(endpoint["secret"]).startswith("whsec_")
