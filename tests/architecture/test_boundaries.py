"""Who may do what: one place commits, one publishes, one speaks AMQP, one calls out over HTTP."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.sources import CODE, Source, calls, imports, nodes, sources

# What a module of a service may import of its own service: only what stands as low or lower.
# A module with any other name holds use cases, or rules where it imports nothing of the kind below.
RANKS = {"app": 5, "routes": 4, "handlers": 4, "service": 2, "models": 1}
USE_CASES, RULES = 3, 0
IMPURE = ("sqlalchemy", "fastapi", "shared.db", "shared.service", "shared.web", "shared.http")


def outside(allowed: tuple[str, ...], code: Iterable[Source]) -> list[Source]:
    return [source for source in code if not source.path.startswith(allowed)]


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        ("commit", ("shared/db.py", "shared/migrations.py", "shared/alembic/")),
        ("publish", ("shared/bus/", "shared/outbox.py")),
    ],
)
def test_only_one_place_commits_and_one_publishes(call: str, allowed: tuple[str, ...]) -> None:
    found = [
        f"{source.path}:{line}"
        for source in outside(allowed, sources(*CODE))
        if not source.is_migration
        for line in calls(source.tree, call)
    ]
    assert not found, f"{call}() outside {allowed}: {found}"


@pytest.mark.parametrize(
    ("packages", "allowed"),
    [
        (("aio_pika", "aiormq", "pamqp"), ("shared/bus/",)),
        (("aiohttp",), ("shared/http.py", "shared/http/")),
        # Tests and the demo stand outside of the services, at their public doors.
        (("httpx",), ("shared/testing.py", "sanlian/demo/")),
        (("requests", "urllib3", "urllib.request", "http.client"), ()),
    ],
)
def test_only_one_place_speaks_each_protocol(packages: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    found = [
        f"{source.path}:{line} imports {module}"
        for source in outside(allowed, sources(*CODE))
        for module, line in imports(source.tree)
        # The receiving half of aiohttp is a server, not the way out.
        if within(module, packages) and not within(module, ("aiohttp.web",))
    ]
    assert not found, "; ".join(found)


def within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def service_of(source: Source) -> str:
    return ".".join(source.path.split("/")[:2])


def role(source: Source) -> int:
    """Return how high a service's module stands; unnamed roles are use cases, pure ones are rules."""
    name = source.path.rpartition("/")[2].removesuffix(".py")
    if name in RANKS:
        return RANKS[name]
    impure = any(
        within(module, IMPURE) or is_named_role(module, source) for module, _ in imports(source.tree)
    )
    return USE_CASES if impure else RULES


def is_named_role(module: str, source: Source) -> bool:
    """Whether a module of the same service is meant that has a role by its name, in whatever folder."""
    return within(module, (service_of(source),)) and not RANKS.keys().isdisjoint(module.split(".")[-2:])


def imported_rank(module: str, ranks: dict[str, int]) -> int:
    """Return the rank of what `a.b.c` names: the module itself, or something inside `a.b`."""
    return ranks.get(module, ranks.get(module.rpartition(".")[0], RULES))


def test_a_service_imports_itself_downwards_only() -> None:
    code = [source for source in sources("services") if not source.is_migration]
    ranks = {source.path.removesuffix(".py").replace("/", "."): role(source) for source in code}
    found = [
        f"{source.path}:{line} imports {module}"
        for source in code
        for module, line in imports(source.tree)
        if within(module, (service_of(source),)) and imported_rank(module, ranks) > role(source)
    ]
    assert not found, "; ".join(found)


def test_rules_ask_neither_the_clock_nor_the_network() -> None:
    rules = [source for source in sources("services") if not source.is_migration and role(source) == RULES]
    found = [
        f"{source.path}:{node.lineno}"
        for source in rules
        for node in nodes(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "urlopen"}
    ]
    assert not found, f"pass the moment in: {found}"
