"""Cells that were written under an older master key, written anew under the current one.

A new key goes to the front of the setting; once a whole pass has found nothing to do, the old one may go.
A cell that somebody changes meanwhile is left alone: it is under the current key already.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    RowMapping,
    Table,
    and_,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)

from services.intake.evidence.files import CONTENT, Files
from services.intake.evidence.models import Evidence
from services.intake.evidence.stores import Store
from services.intake.issues.reports import PHONE_INDEX
from services.intake.models import VAULT, Base
from services.intake.personal.rules import PersonalRules
from services.intake.settings import IntakeSettings
from shared.host import Host
from shared.idempotency import PURPOSE as ANSWER
from shared.privacy import Encrypted
from shared.service import Work

_DAY_S = 86_400.0
log = logging.getLogger(__name__)

# Bytes that are encrypted without a column type that says so.
_PLAIN_BYTES: Mapping[tuple[str, str], str] = {
    ("evidence_contents", "content"): CONTENT,
    ("answers", "body"): ANSWER,
}
# The index by which the cell beside it is found.
_INDEXED: Mapping[tuple[str, str], str] = {
    ("reporters", "phone"): "phone_index",
    ("reporters", "beneficiary_phone"): "beneficiary_index",
    ("mediation_parties", "phone"): "phone_index",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One encrypted column and its purpose."""

    column: Column[object]
    purpose: str


def cells_of(table: Table) -> list[Cell]:
    """The encrypted columns of a table."""
    found = []
    for column in table.columns:
        if isinstance(column.type, Encrypted):
            found.append(Cell(column, column.type.purpose))
        elif (table.name, column.name) in _PLAIN_BYTES:
            found.append(Cell(column, _PLAIN_BYTES[table.name, column.name]))
    return found


async def rotate(host: Host) -> int:
    """Go through everything that is encrypted once, and say how many cells and files were written anew."""
    rules: PersonalRules = host.parts[PersonalRules]  # type: ignore[assignment]  # As they stand.
    changed = 0
    for table in Base.metadata.sorted_tables:
        cells = cells_of(table)
        if cells:
            changed += await _rotate_table(host, table, cells, rules.rotation.at_once)
    return changed + await _rotate_files(host, rules.rotation.at_once)


async def _rotate_table(host: Host, table: Table, cells: Sequence[Cell], at_once: int) -> int:
    keys = list(table.primary_key.columns)
    raw = [type_coerce(cell.column, LargeBinary).label(cell.column.name) for cell in cells]
    pages = select(*keys, *raw).order_by(*keys).limit(at_once)
    changed, last = 0, None
    while True:
        query = pages if last is None else pages.where(tuple_(*keys) > tuple_(*last))
        async with host.work() as work:
            rows = (await work.session.execute(query)).mappings().all()
            for row in rows:
                here = and_(*(key == row[key.name] for key in keys))
                changed += await _rotate_row(work, here, cells, row)
        if len(rows) < at_once:
            return changed
        last = [literal(rows[-1][key.name], key.type) for key in keys]


async def _rotate_row(work: Work, here: ColumnElement[bool], cells: Sequence[Cell], row: RowMapping) -> int:
    changed = 0
    for cell in cells:
        name, table, old = cell.column.name, cell.column.table, row[cell.column.name]
        if old is None or not VAULT.keyring.needs_rotation(old):
            continue
        plain = VAULT.keyring.decrypt(cell.purpose, old)
        values: dict[str, object] = {
            name: type_coerce(VAULT.keyring.encrypt(cell.purpose, plain), LargeBinary)
        }
        if index := _INDEXED.get((table.name, name)):
            values[index] = VAULT.keyring.blind_index(PHONE_INDEX, plain.decode())
        same = type_coerce(cell.column, LargeBinary) == old
        done = await work.session.execute(update(table).where(here, same).values(values))
        changed += int(getattr(done, "rowcount", 0))
    return changed


async def _rotate_files(host: Host, at_once: int) -> int:
    files: Files = host.parts[Files]  # type: ignore[assignment]  # The parts stand under their types.
    kept = select(Evidence.id, Evidence.stored_as).where(
        Evidence.stored_as.is_not(None), Evidence.erased_at.is_(None)
    )
    changed, last = 0, UUID(int=0)
    while True:
        async with host.look() as work:
            query = kept.where(Evidence.id > last).order_by(Evidence.id).limit(at_once)
            rows = (await work.session.execute(query)).all()
        for row in rows:
            changed += await _rotate_file(files.store, str(row.stored_as))
        if len(rows) < at_once:
            return changed
        last = rows[-1].id


async def _rotate_file(store: Store, key: str) -> int:
    try:
        sealed = await store.get(key)
    except FileNotFoundError:
        # It was erased a moment ago.
        return 0
    if not VAULT.keyring.needs_rotation(sealed):
        return 0
    await store.put(key, await asyncio.to_thread(_anew, sealed))
    return 1


def _anew(sealed: bytes) -> bytes:
    return VAULT.keyring.encrypt(CONTENT, VAULT.keyring.decrypt(CONTENT, sealed))


async def keep_keys_current(host: Host) -> None:
    """Once a day, as long as there is an older key, write anew what stands under it."""
    settings: IntakeSettings = host.parts[IntakeSettings]  # type: ignore[assignment]  # As above.
    older = [one.partition(":")[0].strip() for one in settings.master_keys.get_secret_value().split(",")[1:]]
    while any(older):
        if changed := await rotate(host):
            log.info("%d cells and files were written anew under the current key", changed)
        else:
            log.warning("nothing is left under the master keys %s: take them out", ", ".join(older))
        await asyncio.sleep(_DAY_S)
    await asyncio.Event().wait()
