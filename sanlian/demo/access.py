"""What one needs to try the demo: tokens of its people, keys of its units, secrets of the street."""

import json
from collections.abc import Mapping

import click
from pydantic import BaseModel, ConfigDict

from sanlian.demo.people import PEOPLE, token_of
from sanlian.footings import State
from sanlian.keys import write_secret
from shared.auth import Role
from shared.settings import BadSettings


class Source(BaseModel):
    """Where a street office sends its signed answers, and the secret to sign them with."""

    model_config = ConfigDict(frozen=True)

    path: str
    secret: str


class Secrets(BaseModel):
    """What the services showed once when the demo was loaded: API keys by unit, sources by office."""

    model_config = ConfigDict(frozen=True)

    partner_keys: Mapping[str, str]
    sources: Mapping[str, Source]


class Access(Secrets):
    """All that is needed to try the demo: tokens by role, and of each of its people by subject."""

    base_url: str
    tokens: Mapping[Role, str]
    people: Mapping[str, str]


def keep_secrets(state: State, secrets: Secrets) -> None:
    write_secret(state.demo, secrets.model_dump())


def kept_secrets(state: State) -> Secrets | None:
    """The secrets of the demo, where it was loaded from this state folder."""
    if not state.demo.exists():
        return None
    return Secrets.model_validate(json.loads(state.demo.read_text()))


def access_of(state: State, base_url: str) -> Access:
    """Raises `BadSettings` where the demo was not loaded."""
    secrets = kept_secrets(state)
    if secrets is None:
        raise BadSettings("the demo is not loaded; load it with: sanlian demo load")
    people = {person.subject: token_of(state, person) for person in PEOPLE}
    # Where two people share a role, the first stands for it.
    tokens = {person.role: people[person.subject] for person in reversed(PEOPLE)}
    return Access(base_url=base_url, tokens=tokens, people=people, **secrets.model_dump())


def show(access: Access) -> None:
    """Print it for people."""
    click.echo("\n令牌 · tokens (Authorization: Bearer …)")
    for person in PEOPLE:
        click.echo(f"  {person.subject}  {person.zh} · {person.en}\n    {access.people[person.subject]}")
    click.echo("\n成员单位密钥 · API keys of partner units (Authorization: Bearer …)")
    for code, key in access.partner_keys.items():
        click.echo(f"  {code}  {key}")
    click.echo("\n街道签名密钥 · secrets of street offices (Standard Webhooks)")
    for code, source in access.sources.items():
        click.echo(f"  {code}  {source.secret}  → {access.base_url}{source.path}")
    click.echo(f"\n五个故事 · five stories:  sanlian demo play --base-url {access.base_url}\n")
