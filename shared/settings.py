"""Settings: from the environment under `SANLIAN_`, checked before anything starts; rule files from YAML."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.clock import LOCAL_ZONE
from shared.privacy import Keyring

PREFIX = "SANLIAN_"
_ALIKE = 0.85
# The same safe loader in C where the library was built with it: rule files are read at every start.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
M = TypeVar("M", bound=BaseModel)

IPNetwork = IPv4Network | IPv6Network
# A list in an environment variable is written with commas, not as JSON.
Listed = NoDecode


class BadSettings(Exception):
    """Something in the environment or in a rule file is wrong; the text says what, where, and what to do."""


class ServiceSettings(BaseSettings):
    """What every service needs to know; a service adds its own fields in a subclass.

    `amqp_url` is None on the embedded footing, and may list the nodes of a cluster with commas between; no
    `outbound_ports` at all means any port.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    database_url: Annotated[str, Field(repr=False, min_length=1)]
    amqp_url: Annotated[str | None, Field(repr=False)] = None
    public_url: str = "http://127.0.0.1:8000"
    community: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    zone: ZoneInfo = LOCAL_ZONE
    calendar_file: Path | None = None

    master_keys: SecretStr
    contact_public_key: str | None = None
    contact_private_key: SecretStr | None = None

    jwt_issuer: str | None = None
    jwt_audience: str = "sanlian"
    jwt_jwks_url: str | None = None
    jwt_jwks_file: Path | None = None
    local_issuer: str = "sanlian"
    local_public_key: str | None = None

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str | None = None

    statement_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    lock_timeout_s: Annotated[float, Field(gt=0)] = 5.0
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    publish_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    retry_ladder_s: Annotated[tuple[int, ...], Listed] = (1, 10, 60, 600)
    inbox_keep_days: Annotated[int, Field(ge=1)] = 14
    idempotency_keep_hours: Annotated[int, Field(ge=1)] = 24

    outbound_http: bool = False
    outbound_networks: Annotated[tuple[IPNetwork, ...], Listed] = ()
    outbound_ports: Annotated[tuple[int, ...], Listed] = (443, 8443)

    @field_validator("retry_ladder_s", "outbound_networks", "outbound_ports", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("retry_ladder_s")
    @classmethod
    def _rising(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if not steps or steps[0] < 1 or any(later <= step for step, later in pairwise(steps)):
            raise ValueError(
                "must be whole seconds, each step longer than the one before, such as 1,10,60,600"
            )
        return steps

    @field_validator("master_keys")
    @classmethod
    def _readable(cls, value: SecretStr) -> SecretStr:
        Keyring.parse(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        sources = [self.jwt_jwks_url, self.jwt_jwks_file]
        if (self.jwt_issuer is None) != (sources.count(None) == len(sources)) or None not in sources:
            raise ValueError("jwt_issuer goes with exactly one of jwt_jwks_url and jwt_jwks_file")
        return self

    @property
    def keyring(self) -> Keyring:
        """The keys for personal data at rest."""
        return Keyring.parse(self.master_keys.get_secret_value())


S = TypeVar("S", bound=ServiceSettings)


def load_settings(kind: type[S], **given: object) -> S:
    """Read the settings from what is given and else from the environment; BadSettings names every fault."""
    refuse_misspelt(kind.model_fields, os.environ)
    try:
        return kind(**given)  # type: ignore[arg-type]  # pydantic checks what is given, better than we could.
    except ValidationError as error:
        raise BadSettings("\n".join(_setting_faults(error))) from error


def refuse_misspelt(known: Iterable[str], environment: Mapping[str, str]) -> None:
    """Raise BadSettings for a variable that is almost, but not quite, the name of a setting.

    Quite other names are let through: several services with settings of their own may share an environment.
    """
    names = {f"{PREFIX}{name}".upper() for name in known}
    faults = []
    for variable in sorted(environment):
        if variable.upper().startswith(PREFIX) and variable.upper() not in names:
            faults += [
                f"{variable} is not a setting; did you mean {meant}?"
                for meant in get_close_matches(variable.upper(), names, n=1, cutoff=_ALIKE)
            ]
    if faults:
        raise BadSettings("\n".join(faults))


def load_yaml(path: Path, model: type[M]) -> M:
    """Read a rule file and check it against its model; BadSettings names the file, the key and what to do."""
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(
            f"{path}: cannot be read ({error.strerror}); give the path of a YAML file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: is not YAML in UTF-8: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = [f"{path}: {_path(fault['loc']) or 'the file'}: {fault['msg']}" for fault in error.errors()]
        raise BadSettings("\n".join(faults)) from error


@lru_cache(maxsize=64)
def _parsed(text: str) -> object:
    """The content, which no model changes: tests start services by the hundred, from the same files."""
    return yaml.load(text, _SafeLoader)  # noqa: S506


def _setting_faults(error: ValidationError) -> Iterable[str]:
    for fault in error.errors(include_input=False):
        name = f"{PREFIX}{_path(fault['loc'])}".upper() if fault["loc"] else "Settings"
        yield f"{name}: {fault['msg']}"


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
