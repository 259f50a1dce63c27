"""oversight."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "period_ends",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("next_first", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_period_ends")),
    )
    op.add_column("read_log", sa.Column("persons", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.create_table(
        "portraits",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("marked_by", sa.String(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", "consent_id", name=op.f("pk_portraits")),
    )
    op.create_index("ix_portraits_consent_id", "portraits", ["consent_id"])
    _watch_readers()
    _keep_requests()


def downgrade() -> None:
    """Go back."""
    for name in ("data_requests", "read_alarms", "read_reviews", "portraits", "period_ends"):
        op.drop_table(name)
    with op.batch_alter_table("read_log", schema=None) as batch_op:
        batch_op.drop_column("persons")


def _watch_readers() -> None:
    op.create_table(
        "read_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_reviews")),
        sa.UniqueConstraint("reading_id", name=op.f("uq_read_reviews_reading_id")),
    )
    op.create_index("ix_read_reviews_month_id", "read_reviews", ["month", "id"])
    op.create_table(
        "read_alarms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("bound", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_alarms")),
        sa.UniqueConstraint("reader", "day", name=op.f("uq_read_alarms_reader_day")),
    )


def _keep_requests() -> None:
    op.create_table(
        "data_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional_edition", sa.String(length=16), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_requests")),
    )
    for column in ("subject", "phone_index", "answered_at"):
        op.create_index(f"ix_data_requests_{column}", "data_requests", [column])
    is_open = sa.text("state = 'asked'")
    op.create_index(
        "ix_data_requests_due_at",
        "data_requests",
        ["due_at"],
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
