"""Cells that were written under an older master key, written anew under the current one, in every service.

A new key goes to the front of the setting; once a whole pass has found nothing to do, the old one may go.
A cell that somebody changes meanwhile is left alone: it is under the current key already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    and_,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)

from shared.host import Host
from shared.idempotency import PURPOSE as ANSWER
from shared.privacy import Encrypted, Vault
from shared.service import Work

AT_ONCE = 200
_DAY_S = 86_400.0
log = logging.getLogger(__name__)


async def _nothing(host: Host) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a service keeps encrypted: all `Encrypted` columns of its tables, and what is named here.

    `plain_bytes` are columns of bytes that are encrypted without a type that says so, with their purpose;
    `indexes` name, for a cell that is found by a blind index, the column of that index and its purpose;
    `elsewhere` writes anew what lies outside of the tables, and says how much it was.
    """

    metadata: MetaData
    vault: Vault
    plain_bytes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    indexes: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    elsewhere: Callable[[Host], Awaitable[int]] = _nothing


@dataclass(frozen=True, slots=True)
class Cell:
    """One encrypted column and its purpose."""

    column: Column[object]
    purpose: str


def cells_of(secrets: Secrets, table: Table) -> list[Cell]:
    """The encrypted columns of a table; the answers to repeated requests are in every service."""
    plain_bytes = {("answers", "body"): ANSWER, **secrets.plain_bytes}
    found = []
    for column in table.columns:
        if isinstance(column.type, Encrypted):
            found.append(Cell(column, column.type.purpose))
        elif (table.name, column.name) in plain_bytes:
            found.append(Cell(column, plain_bytes[table.name, column.name]))
    return found


async def rotate(host: Host, secrets: Secrets) -> int:
    """Go through everything that is encrypted once, and say how many cells and files were written anew."""
    changed = 0
    for table in secrets.metadata.sorted_tables:
        cells = cells_of(secrets, table)
        if cells:
            changed += await _rotate_table(host, secrets, table, cells)
    return changed + await secrets.elsewhere(host)


def keeping_keys_current(secrets: Secrets) -> Callable[[Host], Awaitable[None]]:
    """Background work: once a day, as long as there is an older key, write anew what stands under it."""

    async def keep_keys_current(host: Host) -> None:
        while older := ", ".join(secrets.vault.keyring.older):
            if changed := await rotate(host, secrets):
                said = "%s wrote %d cells and files anew under the current key"
                log.info(said, host.service.name, changed)
            else:
                said = "%s: nothing is left under the master keys %s: take them out"
                log.warning(said, host.service.name, older)
            await asyncio.sleep(_DAY_S)
        await asyncio.Event().wait()

    return keep_keys_current


async def _rotate_table(host: Host, secrets: Secrets, table: Table, cells: Sequence[Cell]) -> int:
    keys = list(table.primary_key.columns)
    raw = [type_coerce(cell.column, LargeBinary).label(cell.column.name) for cell in cells]
    pages = select(*keys, *raw).order_by(*keys).limit(AT_ONCE)
    changed, last = 0, None
    while True:
        query = pages if last is None else pages.where(tuple_(*keys) > tuple_(*last))
        async with host.work() as work:
            rows = (await work.session.execute(query)).mappings().all()
            for row in rows:
                here = and_(*(key == row[key.name] for key in keys))
                changed += await _rotate_row(work, secrets, here, cells, row)
        if len(rows) < AT_ONCE:
            return changed
        last = [literal(rows[-1][key.name], key.type) for key in keys]


async def _rotate_row(
    work: Work, secrets: Secrets, here: ColumnElement[bool], cells: Sequence[Cell], row: RowMapping
) -> int:
    changed, keyring = 0, secrets.vault.keyring
    for cell in cells:
        name, table, old = cell.column.name, cell.column.table, row[cell.column.name]
        if old is None or not keyring.needs_rotation(old):
            continue
        plain = keyring.decrypt(cell.purpose, old)
        fresh = type_coerce(keyring.encrypt(cell.purpose, plain), LargeBinary)
        values: dict[str, object] = {name: fresh}
        if index := secrets.indexes.get((table.name, name)):
            values[index[0]] = keyring.blind_index(index[1], plain.decode())
        same = type_coerce(cell.column, LargeBinary) == old
        done = await work.session.execute(update(table).where(here, same).values(values))
        changed += int(getattr(done, "rowcount", 0))
    return changed
