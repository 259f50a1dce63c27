"""Encrypted columns: what a table holds is ciphertext, what the code sees is text."""

from typing import Any

from sqlalchemy import ColumnElement, Dialect, LargeBinary
from sqlalchemy.sql.operators import OperatorType, eq, is_, is_not, ne
from sqlalchemy.types import TypeDecorator

from shared.privacy.keyring import Keyring


class Vault:
    """Holds a service's keyring; made with its tables when modules load, unlocked when the service starts."""

    def __init__(self) -> None:
        self._keyring: Keyring | None = None

    def unlock(self, keyring: Keyring) -> None:
        """Put the keys in; a second ring takes the place of the first."""
        self._keyring = keyring

    @property
    def keyring(self) -> Keyring:
        """The keys; before `unlock` this raises RuntimeError."""
        if self._keyring is None:
            raise RuntimeError("The vault is locked: call unlock() with the keyring from the settings first")
        return self._keyring

    def encrypt(self, purpose: str, text: str) -> bytes:
        """Encrypt one value as a column of that purpose would, for statements that bypass column types."""
        return self.keyring.encrypt(purpose, text.encode())

    def decrypt(self, purpose: str, blob: bytes) -> str:
        """Read one value, or raise Undecipherable."""
        return self.keyring.decrypt(purpose, blob).decode()


class Encrypted(TypeDecorator[str]):
    """A column of text that is encrypted at rest, bound to its purpose (say `intake.reporter.phone`).

    The purpose is part of the data: a cell that is moved to another column does not decrypt. Comparing such a
    column raises TypeError, since every encryption of a value differs; keep a blind index beside it instead.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, vault: Vault, purpose: str) -> None:
        super().__init__()
        self.vault = vault
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way to the database."""
        return None if value is None else self.vault.encrypt(self.purpose, value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt on the way from the database."""
        return None if value is None else self.vault.decrypt(self.purpose, bytes(value))

    class Comparator(TypeDecorator.Comparator[str]):
        """Allows to ask whether there is a value, and nothing else."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
            """Build the comparison with NULL, or refuse."""
            if op in _PRESENCE and other == (None,):
                return super().operate(op, *other, **kwargs)
            raise TypeError("An encrypted column cannot be compared or sorted; search its blind index")

    comparator_factory = Comparator


_PRESENCE = (eq, ne, is_, is_not)
