"""Settings and rule files: what is read, what is refused and with which words."""

from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from shared.privacy import new_master_key
from shared.settings import BadSettings, ServiceSettings, load_settings, load_yaml, refuse_misspelt

MASTER = new_master_key("k1")
NEEDED = {
    "SANLIAN_DATABASE_URL": "postgresql+asyncpg://user:hunter2@db/intake",
    "SANLIAN_COMMUNITY": "620102014006",
    "SANLIAN_MASTER_KEYS": MASTER,
}


class VisitSettings(ServiceSettings):
    visit_days: int = 30


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_three_settings_are_enough_and_the_rest_has_sound_defaults() -> None:
    settings = load_settings(ServiceSettings)
    assert settings.community == "620102014006"
    assert settings.amqp_url is None
    assert settings.retry_ladder_s == (1, 10, 60, 600)
    assert (settings.inbox_keep_days, settings.idempotency_keep_hours) == (14, 24)
    assert settings.zone == ZoneInfo("Asia/Shanghai")
    assert settings.keyring.current == "k1"


def test_lists_are_written_with_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANLIAN_RETRY_LADDER_S", "2, 20,200")
    environment.setenv("SANLIAN_OUTBOUND_NETWORKS", "10.20.0.0/16,fd00::/8")
    environment.setenv("SANLIAN_OUTBOUND_PORTS", "443,9443")
    settings = load_settings(ServiceSettings)
    assert settings.retry_ladder_s == (2, 20, 200)
    assert settings.outbound_ports == (443, 9443)
    assert settings.outbound_networks == (ip_network("10.20.0.0/16"), ip_network("fd00::/8"))


def test_what_is_given_comes_before_the_environment() -> None:
    settings = load_settings(VisitSettings, database_url="sqlite+aiosqlite:///x.db", retry_ladder_s=(3,))
    assert settings.database_url == "sqlite+aiosqlite:///x.db"
    assert settings.retry_ladder_s == (3,)
    assert settings.visit_days == 30


def test_a_variable_left_empty_counts_as_not_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANLIAN_OTLP_ENDPOINT", "")
    assert load_settings(ServiceSettings).otlp_endpoint is None


def test_secrets_are_shown_neither_by_the_settings_nor_by_their_faults(
    environment: pytest.MonkeyPatch,
) -> None:
    secret = MASTER.partition(":")[2]
    environment.setenv("SANLIAN_AMQP_URL", "amqp://user:hunter2@mq/")
    environment.setenv("SANLIAN_CONTACT_PRIVATE_KEY", secret)
    shown = repr(load_settings(ServiceSettings))
    assert "hunter2" not in shown
    assert secret not in shown
    environment.setenv("SANLIAN_MASTER_KEYS", f"{secret}:k1")
    with pytest.raises(BadSettings) as refused:
        load_settings(ServiceSettings)
    assert secret not in str(refused.value)
    assert secret not in repr(refused.value.__cause__)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("SANLIAN_COMMUNITY", "6201", "SANLIAN_COMMUNITY: String should match"),
        ("SANLIAN_ZONE", "Mars/Olympus", "SANLIAN_ZONE: "),
        ("SANLIAN_POOL_SIZE", "0", "SANLIAN_POOL_SIZE: Input should be greater than or equal to 1"),
        ("SANLIAN_LOG_LEVEL", "LOUD", "SANLIAN_LOG_LEVEL: "),
        (
            "SANLIAN_RETRY_LADDER_S",
            "10,10",
            "SANLIAN_RETRY_LADDER_S: Value error, must be whole seconds, each",
        ),
        ("SANLIAN_RETRY_LADDER_S", "0,10", "each step longer"),
        ("SANLIAN_RETRY_LADDER_S", ",", "each step longer"),
        ("SANLIAN_RETRY_LADDER_S", "x", "SANLIAN_RETRY_LADDER_S.0: "),
        ("SANLIAN_OUTBOUND_NETWORKS", "10.0.0.1/8", "SANLIAN_OUTBOUND_NETWORKS.0"),
        ("SANLIAN_MASTER_KEYS", "k1", "SANLIAN_MASTER_KEYS: Value error, Master key 'k1' is not 32 bytes"),
        ("SANLIAN_JWT_ISSUER", "https://id", "Settings: Value error, jwt_issuer goes with exactly one"),
        ("SANLIAN_JWT_JWKS_URL", "https://id", "jwt_issuer goes with exactly one"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    environment: pytest.MonkeyPatch, name: str, value: str, fault: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(BadSettings) as refused:
        load_settings(ServiceSettings)
    assert fault in str(refused.value)


def test_every_missing_setting_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        environment.delenv(name)
    with pytest.raises(BadSettings) as refused:
        load_settings(ServiceSettings)
    assert all(f"{name}: Field required" in str(refused.value) for name in NEEDED)


def test_a_provider_is_known_by_its_issuer_and_one_source_of_keys(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANLIAN_JWT_ISSUER", "https://id.example")
    environment.setenv("SANLIAN_JWT_JWKS_URL", "https://id.example/jwks")
    assert load_settings(ServiceSettings).jwt_jwks_url == "https://id.example/jwks"
    environment.setenv("SANLIAN_JWT_JWKS_FILE", "/etc/jwks.json")
    with pytest.raises(BadSettings, match="exactly one"):
        load_settings(ServiceSettings)


def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANLIAN_DATABASEURL", "x")
    environment.setenv("SANLIAN_VISIT_DAY", "3")
    with pytest.raises(BadSettings) as refused:
        load_settings(VisitSettings)
    assert "SANLIAN_DATABASEURL is not a setting; did you mean SANLIAN_DATABASE_URL?" in str(refused.value)
    assert "SANLIAN_VISIT_DAY is not a setting; did you mean SANLIAN_VISIT_DAYS?" in str(refused.value)


def test_a_setting_of_another_service_is_none_of_our_business() -> None:
    refuse_misspelt(
        ["database_url"], {"SANLIAN_BREAKER_LEVELS": "3", "sanlian_database_url": "x", "PATH": "/"}
    )


class Category(BaseModel):
    code: str
    days: int


class Rules(BaseModel):
    categories: list[Category]


def test_a_rule_file_is_read_into_its_model(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("categories:\n  - {code: '0101', days: 3}\n", encoding="utf-8")
    assert load_yaml(path, Rules) == Rules(categories=[Category(code="0101", days=3)])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (
            b"categories:\n  - {code: '0101', days: soon}\n",
            "rules.yaml: categories.0.days: Input should be a valid",
        ),
        (b"", "rules.yaml: the file: Input should be a valid dictionary"),
        (b"categories: [", "rules.yaml: is not YAML in UTF-8: while parsing"),
        (b"categories: \xff", "rules.yaml: is not YAML in UTF-8"),
    ],
)
def test_a_fault_in_a_rule_file_is_named_by_file_and_key(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    with pytest.raises(BadSettings) as refused:
        load_yaml(path, Rules)
    assert fault in str(refused.value)


def test_a_rule_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.yaml: cannot be read \(No such file"):
        load_yaml(tmp_path / "none.yaml", Rules)
