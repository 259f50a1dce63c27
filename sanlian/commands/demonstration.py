"""The demo: its community is loaded, its stories are told, its tokens and keys are shown."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import click

from sanlian.demo.access import access_of, show
from sanlian.demo.doors import Unexpected
from sanlian.demo.load import load
from sanlian.demo.play import STORIES, own_address, play
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town
from sanlian.footings import state
from shared.settings import BadSettings

base_url_option = click.option(
    "--base-url",
    help="Where the services answer (default: SANLIAN_BASE_URL, else as the last `sanlian up` did).",
)


@click.group()
def demo() -> None:
    """The community of the demo, and its stories."""


@demo.command("load")
@base_url_option
def load_demo(base_url: str | None) -> None:
    """Bring the demo's community in; once more changes nothing."""
    url = _checked(base_url)
    try:
        load(state(), url)
    except Unexpected as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"the demo is loaded at {url}; tokens and keys: sanlian demo access")


@demo.command("play")
@base_url_option
@click.option("--story", "stories", multiple=True, type=click.Choice(STORIES), help="Default: all.")
@click.option("--receiver-host", help="The address of this machine, as the services see it.")
def play_demo(base_url: str | None, stories: Sequence[str], receiver_host: str | None) -> None:
    """Tell stories of the work method, through the public doors only."""
    url = _checked(base_url)
    try:
        host = receiver_host or own_address(url)
        with Town(url, state()) as town:
            play(town, Timeline(), stories or STORIES, receiver_host=host)
    except (Unexpected, OSError) as error:
        raise click.ClickException(f"the story broke off: {error}") from error
    click.echo("\n故事讲完了 · the stories are told")


@demo.command("access")
@base_url_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show_access(base_url: str | None, as_json: bool) -> None:
    """Show tokens of its people, API keys of its units and secrets of its street offices."""
    access = access_of(state(), _checked(base_url))
    if as_json:
        click.echo(access.model_dump_json(indent=2))
    else:
        show(access)


def _checked(given: str | None) -> str:
    url = (given or state().base_url).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadSettings(f"{url!r} is no base URL; it looks like http://127.0.0.1:8000")
    return url
