"""The keys that personal data is encrypted under at rest: one current, older ones to read what they wrote."""

import binascii
import hmac
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class Undecipherable(Exception):
    """A ciphertext is damaged, belongs to another purpose, or was written under a key that we do not hold."""


@dataclass(frozen=True, slots=True)
class _Keys:
    cells: AESGCM
    index: bytes


class Keyring:
    """Master keys of 32 bytes by their id, each split into one key for cells and one for blind indexes."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        for key_id, key in keys.items():
            if not _KEY_ID.fullmatch(key_id) or len(key) != _KEY_BYTES:
                raise ValueError(
                    f"Master key {key_id!r} is not 32 bytes under an id of 1 to 32 plain characters"
                )
        if current not in keys:
            raise ValueError(f"The current master key {current!r} is not among the keys")
        self.current = current
        self._keys = {key_id: _split(key) for key_id, key in keys.items()}

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Read `id:base64,id:base64`; the first is the current key. ValueError never quotes a key."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            key_id, _, encoded = entry.partition(":")
            try:
                keys[key_id] = b64decode(encoded, validate=True)
            except binascii.Error as error:
                raise ValueError(
                    f"A master key is not of the form id:base64 (entry {len(keys) + 1})"
                ) from error
        if not keys:
            raise ValueError("There must be at least one master key, as id:base64")
        return cls(keys, next(iter(keys)))

    def encrypt(self, purpose: str, plain: bytes) -> bytes:
        """Encrypt with AES-256-GCM under the current key: version, key id, nonce, ciphertext with tag.

        The purpose (say `intake.reporter.phone`) is bound in: under another purpose it does not decrypt.
        """
        header = bytes((_VERSION, len(self.current))) + self.current.encode()
        nonce = os.urandom(_NONCE_BYTES)
        cells = self._keys[self.current].cells
        return header + nonce + cells.encrypt(nonce, plain, header + purpose.encode())

    def decrypt(self, purpose: str, blob: bytes) -> bytes:
        """Return the plain bytes, or raise Undecipherable."""
        key_id, header = _header(blob)
        keys = self._keys.get(key_id)
        if keys is None:
            raise Undecipherable(f"Written under the master key {key_id!r}, which is not on the ring")
        body = blob[len(header) :]
        try:
            return keys.cells.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], header + purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise Undecipherable(f"Damaged, or not written for {purpose!r}") from error

    @property
    def older(self) -> tuple[str, ...]:
        """The ids of the keys that only open what they wrote."""
        return tuple(key_id for key_id in self._keys if key_id != self.current)

    def needs_rotation(self, blob: bytes) -> bool:
        """Whether the ciphertext was written under a key that is no longer the current one."""
        return _header(blob)[0] != self.current

    def blind_index(self, purpose: str, value: str) -> bytes:
        """Return the 32 bytes to store beside an encrypted value so that it can be found again by equality.

        Normalise the value first: two spellings have two indexes.
        """
        return _index(self._keys[self.current].index, purpose, value)

    def blind_indexes(self, purpose: str, value: str) -> list[bytes]:
        """Return the index under every key, for searching while rows of an older key remain."""
        return [_index(keys.index, purpose, value) for keys in self._keys.values()]


def new_master_key(key_id: str) -> str:
    """Make a random master key, in the form that `Keyring.parse` reads."""
    return f"{key_id}:{b64encode(os.urandom(_KEY_BYTES)).decode()}"


def _split(key: bytes) -> _Keys:
    def derived(use: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"sanlian " + use).derive(key)

    return _Keys(AESGCM(derived(b"cells v1")), derived(b"index v1"))


def _header(blob: bytes) -> tuple[str, bytes]:
    if len(blob) < 2 or blob[0] != _VERSION:
        raise Undecipherable("Not a ciphertext of ours")
    end = 2 + blob[1]
    return blob[2:end].decode("ascii", "replace"), blob[:end]


def _index(key: bytes, purpose: str, value: str) -> bytes:
    return hmac.digest(key, f"{purpose}\0{value}".encode(), sha256)
