"""Personal data: encrypted at rest, sealed in transit, masked on screens, and every reading written down."""

from shared.privacy.keyring import Keyring, Undecipherable, new_master_key

__all__ = ["Keyring", "Undecipherable", "new_master_key"]
