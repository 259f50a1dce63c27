"""Personal data: encrypted at rest, sealed in transit, masked on screens, and every reading written down."""

from shared.privacy.columns import Encrypted, Vault
from shared.privacy.keyring import Keyring, Undecipherable, new_master_key
from shared.privacy.masks import mask_id, mask_name, mask_phone, normalised_phone
from shared.privacy.read_log import read_log_table, record_read
from shared.privacy.sealed import new_key_pair, seal, unseal

__all__ = [
    "Encrypted",
    "Keyring",
    "Undecipherable",
    "Vault",
    "mask_id",
    "mask_name",
    "mask_phone",
    "new_key_pair",
    "new_master_key",
    "normalised_phone",
    "read_log_table",
    "record_read",
    "seal",
    "unseal",
]
