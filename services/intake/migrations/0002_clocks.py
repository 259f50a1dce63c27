"""clocks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAITS = sa.text("timer_at IS NOT NULL")
MOMENTS = {
    "issues": ("due_interim", "interim_at", "clock_began_at", "colour_since", "timer_at"),
    "escalations": ("due_report", "timer_at"),
}


def upgrade() -> None:
    """Go forward. What stands open is looked at by the clocks at once: they find what is due."""
    for table, names in MOMENTS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
            batch_op.add_column(
                sa.Column(
                    "fired",
                    sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                    server_default=sa.text("'[]'"),
                    nullable=False,
                )
            )
            batch_op.create_index(
                f"ix_{table}_timer_at", ["timer_at"], unique=False, postgresql_where=WAITS, sqlite_where=WAITS
            )
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE issues SET timer_at = reported_at"
        " WHERE state NOT IN ('rejected', 'merged', 'withdrawn', 'closed')"
    )
    op.execute(
        "UPDATE escalations SET timer_at = sent_at WHERE state IN ('sent', 'acknowledged', 'handling')"
    )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.drop_column("parent_id")
    for table, names in MOMENTS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{table}_timer_at")
            for name in ("fired", *names):
                batch_op.drop_column(name)
