"""engine."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "endpoint_runtime",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("breaker", sa.String(length=8), server_default="closed", nullable=False),
        sa.Column("breaker_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breaker_level", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("window_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("window_outages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cap", sa.Double(), nullable=True),
        sa.Column("ramping", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warned_percent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("releasing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("rate_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_endpoint_runtime")),
    )
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rate_per_min", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("ordering", sa.String(length=8), server_default="none", nullable=False))
        batch_op.add_column(sa.Column("scheme", sa.String(length=8), server_default="v1", nullable=False))
    with op.batch_alter_table("secrets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("public_key", sa.String(length=64), nullable=True))
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        for name in ("dns_ms", "connect_ms", "first_byte_ms"):
            batch_op.add_column(sa.Column(name, sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("worker", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        for name in ("worker", "first_byte_ms", "connect_ms", "dns_ms"):
            batch_op.drop_column(name)
    with op.batch_alter_table("secrets", schema=None) as batch_op:
        batch_op.drop_column("public_key")
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        for name in ("scheme", "ordering", "rate_per_min"):
            batch_op.drop_column(name)
    op.drop_table("endpoint_runtime")
