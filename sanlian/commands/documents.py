"""The documents that are read off the code and committed beside it."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from sanlian.deployed import Deployed, find_all
from sanlian.front import asyncapi_yaml
from shared import asyncapi
from shared.events import catalogue
from shared.privacy import new_key_pair, new_master_key
from shared.settings import load_settings
from shared.web import problems
from shared.web.app import build


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a document is not up to date.")
@click.option("--into", type=click.Path(path_type=Path), default=Path("docs"), show_default=True)
def docs(check: bool, into: Path) -> None:
    """Write docs/asyncapi.yaml, docs/events.md, docs/problems.md and docs/openapi/<service>.json anew."""
    stale = [path for path, text in documents(into).items() if not is_current(path, text)]
    if check and stale:
        names = ", ".join(str(path) for path in stale)
        raise click.ClickException(f"not up to date: {names}; write them anew with: sanlian docs")
    for path, text in documents(into).items():
        if path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            click.echo(f"wrote {path}")
    click.echo("the generated documents are up to date")


def documents(folder: Path) -> Mapping[Path, str]:
    """Every generated document by its path."""
    services = find_all()
    found = {
        folder / "asyncapi.yaml": asyncapi_yaml(),
        folder / "events.md": asyncapi.table(catalogue(), [one.plan.service for one in services]),
    }
    found[folder / "problems.md"] = problems.table()
    for service in services:
        found[folder / "openapi" / f"{service.name}.json"] = openapi(service)
    return found


def openapi(service: Deployed) -> str:
    """The OpenAPI document; it depends on nothing but the code, so any settings will do."""
    private, public = new_key_pair()
    given: dict[str, object] = {
        "database_url": "sqlite+aiosqlite:///nowhere.db",
        "amqp_url": "amqp://nowhere",
        "community": "620102014006",
        "master_keys": new_master_key("k1"),
        "contact_public_key": public,
        "contact_private_key": private,
    }
    app = build(service.plan, service.routers, load_settings(service.plan.settings, **given), lifespan=False)
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
