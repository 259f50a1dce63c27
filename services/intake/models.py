"""What all tables of intake share."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import DeclarativeBase

from shared.db import UtcDateTime, new_metadata
from shared.privacy import Vault, read_log_table

VAULT = Vault()


class Base(DeclarativeBase):
    """Columns get their type from their annotation."""

    metadata = new_metadata()
    type_annotation_map = {UUID: Uuid, datetime: UtcDateTime, str: String, bytes: LargeBinary}  # noqa: RUF012


# Beside each reading stands of how many persons it told: a search that found nobody told of none.
READ_LOG = read_log_table(Base.metadata, Column("persons", Integer, server_default="1", nullable=False))
