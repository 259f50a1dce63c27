"""Keys of a deployment, and tokens for those who want to try it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from sanlian.footings import state
from sanlian.keys import make_keys
from sanlian.sign_in import sign_token
from shared.auth import Caller, Role

LONGEST_TOKEN_DAYS = 90


@click.command()
@click.option(
    "--into", type=click.Path(path_type=Path), help="The folder to write to (default: <state>/keys)."
)
def keys(into: Path | None) -> None:
    """Make master keys, the sign-in key and contact keys, where they are not there yet.

    Each service's secrets lie in a folder of its own, so that it can be given its own and no others.
    """
    folder = into or state().keys
    try:
        made = make_keys(folder)
    except OSError as error:
        raise click.ClickException(str(error)) from error
    for path in made:
        click.echo(f"made {path}")
    if not made:
        click.echo(f"{folder} holds all keys already; nothing was changed")


@click.command()
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([str(role) for role in Role])
)
@click.option("--area", "areas", multiple=True, help="An area code; it stands for everything beneath it.")
@click.option("--subject", required=True, help="Who the token speaks for, such as 620102014006:clerk.")
@click.option("--unit", help="The office that the person speaks for.")
@click.option("--days", default=1, show_default=True, type=click.IntRange(1, LONGEST_TOKEN_DAYS))
def token(roles: Sequence[str], areas: Sequence[str], subject: str, unit: str | None, days: int) -> None:
    """Sign a token with the local sign-in key; services that trust another issuer only will not take it."""
    try:
        caller = Caller(subject, frozenset(Role(role) for role in roles), tuple(areas), unit)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--area") from error
    click.echo(sign_token(state(), caller, ttl=timedelta(days=days)))
