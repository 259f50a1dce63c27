"""Contacts that travel in events, sealed to one service's public key: ciphertext for everybody else.

libsodium's sealed box: X25519 with a fresh sender key for each message, XSalsa20-Poly1305.
"""

import binascii
from base64 import b64decode, b64encode

from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from shared.privacy.keyring import Undecipherable


def new_key_pair() -> tuple[str, str]:
    """Make a key pair and return it as base64 text: the private key, then the public one."""
    private = PrivateKey.generate()
    return b64encode(bytes(private)).decode(), b64encode(bytes(private.public_key)).decode()


def seal(public_key: str, plain: bytes) -> bytes:
    """Encrypt for the holder of the private key; adds 48 bytes. ValueError where the key is none."""
    return SealedBox(PublicKey(_raw(public_key), RawEncoder)).encrypt(plain)


def unseal(private_key: str, blob: bytes) -> bytes:
    """Open what was sealed to our public key, or raise Undecipherable."""
    try:
        return SealedBox(PrivateKey(_raw(private_key), RawEncoder)).decrypt(blob)
    except CryptoError as error:
        raise Undecipherable("Sealed to another key, or damaged") from error


def _raw(key: str) -> bytes:
    try:
        raw = b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != PublicKey.SIZE:
        raise ValueError("A contact key is base64 of 32 bytes")
    return raw
