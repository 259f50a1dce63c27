"""The secrets of a deployment: made once, each service's in a folder of its own, readable by its owner only.

A folder a service lets a container mount what its service needs, and nothing of the others.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sanlian.ports import NAMES
from shared.auth import key_text
from shared.privacy import new_key_pair, new_master_key

SIGN_IN = "sign-in"
SIGNING_KEY = "local_signing_key"


def make_keys(folder: Path) -> list[Path]:
    """Write what is not there yet below the folder, and say what was written; what is there stays."""
    files = {name: folder / name / "settings.json" for name in (*NAMES, SIGN_IN)}
    missing = [name for name, path in files.items() if not path.exists()]
    if not missing:
        return []
    if len(missing) < len(files):
        # Half a set cannot be completed: a new signing key would not fit the public one that others hold.
        raise FileExistsError(f"{folder} holds some keys but not those of {', '.join(missing)}")
    for name, settings in _new_settings().items():
        write_secret(files[name], settings)
    return list(files.values())


def read_keys(folder: Path, name: str) -> dict[str, str]:
    """The generated settings of a service, or none where none were generated."""
    path = folder / name / "settings.json"
    if not path.exists():
        return {}
    settings: dict[str, str] = json.loads(path.read_text())
    return settings


def write_secret(path: Path, content: object) -> None:
    """Write JSON that nobody but its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
        file.write("\n")
    draft.replace(path)


def _new_settings() -> Mapping[str, dict[str, str]]:
    signing = Ed25519PrivateKey.generate()
    # Places are sealed for grid: whoever reports needs its public key, and grid alone the private one.
    private, public = new_key_pair()
    settings = {
        name: {
            "master_keys": new_master_key("k1"),
            "local_public_key": key_text(signing.public_key()),
            "contact_public_key": public,
        }
        for name in NAMES
    }
    settings["grid"]["contact_private_key"] = private
    # What a street gave in money is sealed by whoever hears of it first, and opened by who keeps the ledger.
    amounts_private, amounts_public = new_key_pair()
    settings["notify"]["relief_public_key"] = amounts_public
    settings["partners"]["relief_private_key"] = amounts_private
    return {**settings, SIGN_IN: {SIGNING_KEY: key_text(signing)}}
