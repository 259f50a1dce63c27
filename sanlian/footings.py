"""Where the services stand: in one process on SQLite files, or each on its own database behind a broker.

The environment decides: with `SANLIAN_AMQP_URL` it is the distributed footing, otherwise all lies in the
state folder (`SANLIAN_STATE_DIR`, else `var`).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sanlian.keys import read_keys
from shared.settings import BadSettings, ServiceSettings, load_settings

if TYPE_CHECKING:
    # A service is a heavy thing to import, and most commands look at the footing only.
    from sanlian.deployed import Deployed

STATE_DIR = "SANLIAN_STATE_DIR"
KEYS_DIR = "SANLIAN_KEYS_DIR"
BASE_URL = "SANLIAN_BASE_URL"
AMQP_URL = "SANLIAN_AMQP_URL"
DATABASE_URL = "SANLIAN_DATABASE_URL"
COMMUNITY = "620102014006"
USUAL_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class State:
    """The folder that holds what must survive a restart: keys, demo secrets, evidence, SQLite if embedded."""

    folder: Path

    @property
    def keys(self) -> Path:
        """Where each service's generated settings lie; elsewhere where the environment says so."""
        return Path(os.environ.get(KEYS_DIR) or self.folder / "keys")

    @property
    def demo(self) -> Path:
        """The secrets that loading the demo brought."""
        return self.folder / "demo" / "access.json"

    @property
    def base_url(self) -> str:
        """Where the services answer: as the environment says, else as the last `sanlian up` noted."""
        noted = self.folder / "base_url"
        return os.environ.get(BASE_URL) or (noted.read_text().strip() if noted.exists() else USUAL_URL)

    def note_base_url(self, url: str) -> None:
        (self.folder / "base_url").write_text(url + "\n")

    def database(self, service: str) -> Path:
        """The SQLite file of a service on the embedded footing."""
        return self.folder.resolve() / f"{service}.db"

    def database_url(self, service: str) -> str:
        return f"sqlite+aiosqlite:///{self.database(service)}"

    @property
    def evidence_url(self) -> str:
        """Where photos and documents lie, encrypted, unless the environment names a bucket or a folder."""
        return f"file:{quote(str(self.folder.resolve() / 'evidence'))}"


def state() -> State:
    return State(Path(os.environ.get(STATE_DIR) or "var"))


def is_distributed() -> bool:
    return bool(os.environ.get(AMQP_URL))


def settings_of(service: "Deployed", **given: object) -> ServiceSettings:
    """A service's settings: what is given, then the environment, then the generated keys.

    Raises `BadSettings` where something is missing or wrong.
    """
    usual = {"evidence_url": state().evidence_url, **read_keys(state().keys, service.name)}
    known: dict[str, object] = {
        **_from_environment(service.name),
        **_unless_set(dict(usual), service.plan.settings),
        **given,
    }
    return load_settings(service.plan.settings, **known)


def embedded_settings(service: "Deployed", *, public_url: str = USUAL_URL) -> ServiceSettings:
    """The settings on the embedded footing; webhooks may go to this machine, for trying them out."""
    usual: dict[str, object] = {
        "community": COMMUNITY,
        "public_url": public_url,
        "outbound_http": True,
        "outbound_networks": "127.0.0.0/8",
        "log_level": "WARNING",
    }
    database_url = state().database_url(service.name)
    return settings_of(
        service,
        **_unless_set(usual, service.plan.settings),
        database_url=database_url,
        amqp_url=None,
    )


def settings_here(service: "Deployed") -> ServiceSettings:
    """The settings on whichever footing the environment says."""
    return settings_of(service) if is_distributed() else embedded_settings(service)


def required(variable: str) -> str:
    """A variable of the environment that must be there."""
    value = os.environ.get(variable)
    if not value:
        raise BadSettings(f"{variable} is not set")
    return value


def _from_environment(service: str) -> dict[str, object]:
    # A command for several services needs the database of each; `INTAKE_DATABASE_URL` names one of them.
    own = os.environ.get(f"{service}_database_url".upper())
    return {"database_url": own} if own else {}


def _unless_set(defaults: dict[str, object], kind: type[ServiceSettings]) -> dict[str, object]:
    """Those defaults that the service has a setting for and the environment says nothing about."""
    return {
        name: value
        for name, value in defaults.items()
        if name in kind.model_fields and not os.environ.get(f"SANLIAN_{name}".upper())
    }
