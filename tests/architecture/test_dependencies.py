"""What is imported is declared, and what is declared is used: nobody leans on a guest of a guest."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.architecture.sources import CODE, ROOT, imports, sources

# Loaded by name and not by import: drivers, event loops and parsers that others look for.
BY_NAME = {
    "aiosqlite": "SQLAlchemy's driver of the embedded footing",
    "asyncpg": "SQLAlchemy's driver of the distributed footing",
    "httptools": "uvicorn's parser of requests",
    "python-multipart": "FastAPI's reader of forms",
    "tzdata": "the zones of the standard library, where the system has none",
    "uvloop": "the event loop of a served process",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {normal(re.split(r"[\[<>=;~! ]", each)[0]) for each in project["dependencies"]}


def imported() -> dict[str, str]:
    """Return each distribution that the code imports, with one place where it does."""
    distributions = packages_distributions()
    found: dict[str, str] = {}
    for source in sources(*CODE):
        for module, line in imports(source.tree):
            top = module.split(".")[0]
            if top not in (*CODE, *sys.stdlib_module_names):
                for name in distributions.get(top, [top]):
                    found.setdefault(normal(name), f"{source.path}:{line}")
    return found


def test_every_package_that_is_imported_is_declared() -> None:
    # A namespace is shared by several distributions; one of them declared is enough.
    namespaces = {"opentelemetry-semantic-conventions"}
    missing = {name: place for name, place in imported().items() if name not in declared() | namespaces}
    assert not missing, f"declare in pyproject.toml and make lock: {missing}"


def test_every_package_that_is_declared_is_used() -> None:
    unused = declared() - imported().keys() - BY_NAME.keys()
    assert not unused, f"remove from pyproject.toml: {sorted(unused)}"
