"""A new master key takes hold in every service: each one says what it keeps encrypted."""

import importlib

import pytest
from sqlalchemy import LargeBinary

from sanlian.ports import NAMES
from shared.privacy import Encrypted
from shared.rotation import cells_of

# Bytes that need no key: hashes and keyed indexes, and what is sent to others or to nobody.
PLAIN = ("_hash", "_index", "fingerprint", "letters.body", "messages.body", "outbox.body", "sha256")


@pytest.mark.parametrize("name", NAMES)
def test_every_encrypted_column_is_written_anew_under_the_services_own_keys(name: str) -> None:
    app = importlib.import_module(f"services.{name}.app")
    assert "keep_keys_current" in [work.__name__ for work in app.PLAN.background]
    assert app.SECRETS.metadata is app.PLAN.service.metadata
    cells = [
        cell.column for table in app.SECRETS.metadata.sorted_tables for cell in cells_of(app.SECRETS, table)
    ]
    for column in cells:
        if isinstance(column.type, Encrypted):
            assert column.type.vault is app.SECRETS.vault, column
    bytes_of = [
        column
        for table in app.SECRETS.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column not in set(cells)
    ]
    unknown = [str(column) for column in bytes_of if not str(column).endswith(PLAIN)]
    assert not unknown, "say whether it is encrypted"
    indexed = {str(column) for column in bytes_of if str(column).endswith("_index")}
    named = {f"{table}.{index}" for (table, _), (index, _) in app.SECRETS.indexes.items()}
    assert indexed == named
