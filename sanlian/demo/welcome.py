"""What `sanlian up` does for a newcomer: the demo is there, and what opens its doors is on the screen."""

import click

from sanlian.demo.access import show
from sanlian.demo.doors import Unexpected
from sanlian.demo.load import load_once
from sanlian.footings import State


def welcome(here: State, base_url: str) -> None:
    try:
        show(load_once(here, base_url))
    except Unexpected as error:
        click.echo(f"the demo could not be loaded: {error}", err=True)
