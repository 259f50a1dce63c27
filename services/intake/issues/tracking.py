"""The code with which a reporter without an account follows an issue: shown once, kept as a hash."""

import hmac
import os
from hashlib import sha256

# Crockford's alphabet: no I, L, O or U, so that a code survives being read out over the phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 12
_MISREAD = str.maketrans("ILOU", "110V", "- ")


def new_code() -> str:
    """Make a code of 60 random bits, such as `7H2K-9QWE-04TZ`."""
    code = "".join(_ALPHABET[byte & 31] for byte in os.urandom(_LENGTH))
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def code_hash(code: str) -> bytes:
    """Return what is stored in place of the code; upper and lower case, dashes and blanks do not matter."""
    return sha256(code.upper().translate(_MISREAD).encode(errors="replace")).digest()


def matches(code: str, stored: bytes | None) -> bool:
    """Compare in constant time; an unknown issue takes as long as a wrong code."""
    found = code_hash(code)
    return hmac.compare_digest(found, stored if stored is not None else bytes(len(found)))
