"""The words of the street, relief for one household, and links that tell once who it is for."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _columns() -> dict[str, list[sa.Column[Any]]]:
    moment = sa.DateTime(timezone=True)
    return {
        "escalations": [
            sa.Column("household_code", sa.String(length=64), nullable=True),
            sa.Column("department", sa.String(length=64), nullable=True),
            sa.Column("department_due", moment, nullable=True),
            sa.Column("checked_in_unit", sa.String(length=64), nullable=True),
            sa.Column("checked_in_at", moment, nullable=True),
            sa.Column("confirmed_at", moment, nullable=True),
        ],
        "issues": [
            sa.Column("supervised", sa.Integer(), nullable=True),
            sa.Column("supervised_until", moment, nullable=True),
        ],
        "sources": [sa.Column("reporter_ref", sa.String(length=64), nullable=True)],
    }


def upgrade() -> None:
    """Go forward."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "street_words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("office", sa.String(length=80), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_words")),
    )
    op.create_index("ix_street_words_issue_id_id", "street_words", ["issue_id", "id"])
    op.create_table(
        "identity_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("escalation_id", sa.Uuid(), nullable=False),
        sa.Column("issue_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_identity_links_token_hash")),
    )
    op.create_index("ix_identity_links_escalation_id_id", "identity_links", ["escalation_id", "id"])
    op.create_index(op.f("ix_identity_links_issue_id"), "identity_links", ["issue_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("identity_links")
    op.drop_table("street_words")
    for table, columns in _columns().items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
