"""Dead letters: events that a service could not take, kept with the reason until somebody decides."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import TypeVar

import click
from sqlalchemy.exc import DBAPIError

from sanlian.footings import AMQP_URL, is_distributed, required, state
from sanlian.ports import NAMES
from shared.bus import DeadLetter, DeadLetters, Unavailable
from shared.bus.dead import RabbitDeadLetters
from shared.bus.memory import MemoryDeadLetters
from shared.clock import SystemClock
from shared.db import Database, new_metadata
from shared.letters import Letters, letters_table
from shared.settings import BadSettings

T = TypeVar("T")
service_names = click.Choice(NAMES)
MOST = 10_000
Question = Callable[[DeadLetters], Coroutine[None, None, T]]


@click.group()
def dead() -> None:
    """Look after events that were given up."""


@dead.command("list")
@click.argument("services", nargs=-1, type=service_names)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, MOST))
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
def list_letters(services: Sequence[str], limit: int, as_json: bool) -> None:
    """Show the dead letters of SERVICES (of all, if none is named), the oldest first."""
    for service in services or NAMES:
        found = _dead(service, limit)
        for letter in found:
            click.echo(_line(letter, as_json=as_json))
        if not as_json:
            click.echo(f"{service}: {len(found)} dead letters")


@dead.command("show")
@click.argument("service", type=service_names)
@click.argument("id")
def show_letter(service: str, id: str) -> None:
    """Show one dead letter of SERVICE whole."""
    for letter in _dead(service, MOST):
        if letter.id == id:
            click.echo(_line(letter, as_json=False))
            click.echo(_readable(letter.body))
            return
    raise click.ClickException(f"{service} has no dead letter {id}")


@dead.command("replay")
@click.argument("service", type=service_names)
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Replay all of them.")
def replay_letters(service: str, ids: Sequence[str], everything: bool) -> None:
    """Give dead letters back to SERVICE as new."""
    chosen = _chosen(ids, everything)
    click.echo(f"{service}: {_ask(service, lambda letters: letters.replay(service, chosen))} replayed")


@dead.command("drop")
@click.argument("service", type=service_names)
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Drop all of them.")
def drop_letters(service: str, ids: Sequence[str], everything: bool) -> None:
    """Forget dead letters of SERVICE for good."""
    chosen = _chosen(ids, everything)
    click.echo(f"{service}: {_ask(service, lambda letters: letters.drop(service, chosen))} dropped")


def _chosen(ids: Sequence[str], everything: bool) -> Sequence[str] | None:
    if bool(ids) == everything:
        raise click.UsageError("name the letters by their ids, or say --all")
    return None if everything else ids


def _dead(service: str, limit: int) -> Sequence[DeadLetter]:
    return _ask(service, lambda letters: letters.list(service, limit=limit))


def _ask(service: str, question: Question[T]) -> T:
    """Put a question to the broker, or to the service's own database on the embedded footing."""
    answer = _ask_broker(question) if is_distributed() else _ask_database(service, question)
    try:
        return asyncio.run(answer)
    except Unavailable as error:
        raise click.ClickException(str(error)) from error
    except DBAPIError as error:
        raise click.ClickException(f"{service}: its database does not answer: {error.orig}") from error
    except ValueError as error:
        raise click.ClickException(f"that is no id of a letter: {error}") from error


async def _ask_broker(question: Question[T]) -> T:
    return await question(RabbitDeadLetters(required(AMQP_URL)))


async def _ask_database(service: str, question: Question[T]) -> T:
    if not state().database(service).exists():
        raise BadSettings(f"there is no {state().database(service)}; make it with: sanlian migrate {service}")
    database = Database(state().database_url(service))
    try:
        kept = Letters(service, database, letters_table(new_metadata()))
        return await question(MemoryDeadLetters(SystemClock(), [kept]))
    finally:
        await database.close()


def _line(letter: DeadLetter, *, as_json: bool) -> str:
    died = "unknown" if letter.died_at is None else letter.died_at.isoformat(timespec="seconds")
    if as_json:
        known = {"id": letter.id, "type": letter.type, "reason": letter.reason, "died_at": died}
        return json.dumps(known, ensure_ascii=False)
    return f"{letter.id}  {died}  {letter.type}  {letter.reason}"


def _readable(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return repr(body)
