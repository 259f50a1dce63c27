"""All that street offices may say: copies of issues, their numbers and codes, calls in their own words."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("type", sa.String(length=20), server_default=sa.text("'handover'"), nullable=False)
        )
        batch_op.add_column(sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("returns", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("due_ack", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("inbound_calls", schema=None) as batch_op:
        batch_op.alter_column("escalation_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column("about", sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column("seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("body", sa.LargeBinary(), nullable=True))
    op.create_table(
        "issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.String(length=32), nullable=False),
        sa.Column("area_code", sa.String(length=18), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
    )
    op.create_index(op.f("ix_issues_no"), "issues", ["no"], unique=False)
    op.create_table(
        "times_asked",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_times_asked")),
    )
    _names_of_theirs()


def downgrade() -> None:
    """Go back; calls that were about no escalation are forgotten."""
    for name in ("category_codes", "street_numbers", "times_asked", "issues"):
        op.drop_table(name)
    op.execute("DELETE FROM inbound_calls WHERE escalation_id IS NULL")
    with op.batch_alter_table("inbound_calls", schema=None) as batch_op:
        batch_op.drop_column("body")
        batch_op.drop_column("seq")
        batch_op.drop_column("about")
        batch_op.alter_column("escalation_id", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.drop_column("due_ack")
        batch_op.drop_column("returns")
        batch_op.drop_column("seq")
        batch_op.drop_column("type")


def _names_of_theirs() -> None:
    op.create_table(
        "street_numbers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("street_no", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_street_numbers_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_numbers")),
        sa.UniqueConstraint("source_id", "street_no", name=op.f("uq_street_numbers_source_id_street_no")),
    )
    op.create_table(
        "category_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("their_code", sa.String(length=64), nullable=False),
        sa.Column("ours", sa.String(length=4), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_category_codes_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_codes")),
        sa.UniqueConstraint("source_id", "their_code", name=op.f("uq_category_codes_source_id_their_code")),
    )
